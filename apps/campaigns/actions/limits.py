"""A campaign that bounces or annoys too much stops itself: providers would soon refuse everything we send."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.campaigns.actions import campaigns
from apps.campaigns.enums import CampaignState
from apps.campaigns.models import Campaign, Message
from apps.staff.actions import notices
from apps.staff.enums import NoticeKind, Role
from apps.staff.models import User

WINDOW = timedelta(days=7)
LEAST_SENT = 100
MOST_BOUNCES = 0.05
MOST_COMPLAINTS = 0.003


@dataclass(frozen=True)
class Rates:
    sent: int
    bounced: int
    complained: int

    @property
    def broken(self) -> str:
        """Which limit, in words."""
        if self.sent < LEAST_SENT:
            return ""
        shares = {"sent": self.sent, "days": WINDOW.days}
        if self.complained > MOST_COMPLAINTS * self.sent:
            said = _("%(n)s of %(sent)s messages in %(days)s days were called spam (limit 0.3 %%)")
            return said % {"n": self.complained, **shares}
        if self.bounced > MOST_BOUNCES * self.sent:
            return _("%(n)s of %(sent)s messages in %(days)s days bounced (limit 5 %%)") % {"n": self.bounced, **shares}
        return ""


def watch(*, now: datetime) -> int:
    """Looks at the campaigns with news since; returns how many were paused. Safe to run any number of times."""
    news = Q(bounced_at__gte=now - WINDOW) | Q(complained_at__gte=now - WINDOW)
    of_campaign = Message.objects.filter(news, enrolment__campaign=OuterRef("pk"))
    return sum(_look(campaign, now) for campaign in Campaign.objects.active().filter(Exists(of_campaign)))


def rates(campaign: Campaign, *, now: datetime) -> Rates:
    """Of what was sent in the window and since the last pause, so that whoever activates it again has a new count."""
    pauses = apps.get_model("campaigns", "CampaignEvent").objects.filter(
        pgh_obj_id=campaign.pk, state=CampaignState.PAUSED
    )
    last = pauses.order_by("-pgh_created_at").values_list("pgh_created_at", flat=True).first()
    since = max(now - WINDOW, last or now - WINDOW)
    sent = Message.objects.filter(enrolment__campaign=campaign, sent_at__gte=since)
    found = sent.aggregate(
        sent=Count("pk"), bounced=Count("pk", filter=Q(bounced_at__isnull=False)),
        complained=Count("pk", filter=Q(complained_at__isnull=False)),
    )  # fmt: skip
    return Rates(**found)


def _look(campaign: Campaign, now: datetime) -> bool:
    because = rates(campaign, now=now).broken
    if not because:
        return False
    try:
        campaigns.pause(campaign=campaign, because=because)
    except campaigns.WrongState:  # somebody paused it just now
        return False
    groups = Group.objects.filter(name__in=[Role.MARKETER.value, Role.ADMIN.value])
    people = User.objects.filter(Q(groups__in=groups) | Q(is_superuser=True), is_active=True)
    notices.tell(
        user_ids=people.values_list("pk", flat=True),
        kind=NoticeKind.NEED,
        key=f"campaign-paused:{campaign.pk}:{now:%Y-%m-%dT%H:%M}",
        text=_("The campaign “%(campaign)s” paused itself: %(because)s.") % {"campaign": campaign, "because": because},
        url=reverse("campaign_detail", kwargs={"pk": campaign.pk}),
        now=now,
    )
    return True
