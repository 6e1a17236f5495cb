"""Maps that want to be looked at again: their owner is told once a date."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.hours import first_zone
from apps.core.models import CompanySettings
from apps.journeys.models import Journey
from apps.staff.actions import notices
from apps.staff.enums import NoticeKind

_LOOKED_BACK = timedelta(days=60)  # shorter than read notices are kept, which is how telling once is known


def remind(*, now: datetime) -> None:
    """Idempotent: a notice an owner and date."""
    today = now.astimezone(first_zone(CompanySettings.current().time_zone)).date()
    for journey in Journey.objects.to_review(today).filter(review_on__gt=today - _LOOKED_BACK).exclude(owner=None):
        notices.tell(
            user_ids=[journey.owner_id or 0],
            kind=NoticeKind.NEED,
            key=f"review:{journey.pk}:{journey.review_on}",
            text=_("The journey map “%(name)s” is due for its review.") % {"name": journey},
            url=reverse("journey_detail", kwargs={"pk": journey.pk}),
            now=now,
        )
