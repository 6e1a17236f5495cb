"""The customers behind a figure of a campaign: its runs, by what became of them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import ExtractHour
from django.db.models.lookups import Exact
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns import sentences, timing
from apps.campaigns.enums import EnrolmentState, MessageState, Way
from apps.campaigns.models import (
    Campaign,
    CampaignStep,
    Enrolment,
    EnrolmentQuerySet,
    Message,
    MessageQuerySet,
    StepRun,
)
from apps.core.hours import day_start, first_zone
from apps.core.models import CompanySettings

# What can be asked of a message, and the times that say so.
TIMES = {
    "delivered": "delivered_at", "opened": "opened_at", "clicked": "clicked_at", "replied": "replied_at",
    "bounced": "bounced_at", "complained": "complained_at", "unsubscribed": "unsubscribed_at",
}  # fmt: skip
STATES = {"waiting": [MessageState.HELD, MessageState.QUEUED], "held": [MessageState.HELD],
          "skipped": [MessageState.SKIPPED], "failed": [MessageState.FAILED]}  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """All that is said must hold. What makes no sense is not said."""

    what: str = ""  # sent, opened, … goal: of a message
    step: str = ""
    at: str = ""  # the step where the run stands
    split: str = ""
    way: int | None = None
    variant: str | None = None
    channel: str = ""
    hour: int | None = None
    state: str = ""
    held_out: bool | None = None
    goal: bool = False
    due: date | None = None
    days: int | None = None

    @property
    def is_of_messages(self) -> bool:
        return bool(self.what or self.step or self.channel) or self.variant is not None or self.hour is not None


def read(data: Mapping[str, str]) -> Filters:
    what, state = data.get("what", ""), data.get("state", "")
    found = Filters(
        what=what if what in {"sent", "machine_opened", "goal", *TIMES, *STATES} else "",
        step=_key(data.get("step", "")),
        at=_key(data.get("at", "")),
        split=_key(data.get("split", "")),
        way=_number(data.get("way", ""), 20),
        channel=data.get("channel", "") if data.get("channel") in Way.values else "",
        hour=_number(data.get("hour", ""), 23),
        state=state if state in EnrolmentState.values else "",
        held_out={"0": False, "1": True}.get(data.get("held_out", "")),
        goal=data.get("goal") == "1",
        due=_day(data.get("due", "")),
        days=_number(data.get("days", ""), 3650),
    )
    return replace(found, variant=data["variant"].replace("\x00", "")[:100]) if "variant" in data else found


def _key(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _number(text: str, most: int) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) < 5
    return int(text) if is_number and int(text) <= most else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 9000 else None


def runs(campaign: Campaign, filters: Filters, *, now: datetime) -> EnrolmentQuerySet:
    found = Enrolment.objects.filter(campaign=campaign)
    if filters.days:
        found = found.filter(created_at__gte=now - timedelta(days=filters.days))
    if filters.state:
        found = found.filter(state=filters.state)
    if filters.held_out is not None:
        found = found.filter(is_held_out=filters.held_out)
    if filters.goal:
        found = found.exclude(goal_reached_at=None)
    return _on_their_way(found, campaign, filters, now)


def _on_their_way(found: EnrolmentQuerySet, campaign: Campaign, filters: Filters, now: datetime) -> EnrolmentQuerySet:
    if filters.at:
        here = CampaignStep.objects.filter(version=OuterRef("version"), position=OuterRef("position"), key=filters.at)
        found = found.active().filter(Exists(here))
    if filters.split and filters.way is not None:
        taken = StepRun.objects.filter(enrolment=OuterRef("pk"), step_key=filters.split, way=filters.way)
        found = found.filter(Exists(taken))
    if filters.due:
        found = found.active().filter(**due_on(filters.due, now=now))
    if filters.is_of_messages:
        found = found.filter(Exists(_messages(campaign, filters)))
    return found


def due_on(day: date, *, now: datetime) -> dict[str, Any]:
    """By the company's calendar; what was due before is due today."""
    zone = first_zone(CompanySettings.current().time_zone)
    before = {"due_at__lt": day_start(day + timedelta(days=1), zone)}
    return before if day == now.astimezone(zone).date() else before | {"due_at__gte": day_start(day, zone)}


def _messages(campaign: Campaign, filters: Filters) -> MessageQuerySet:
    rows = Message.objects.filter(enrolment=OuterRef("pk"))
    if filters.step:
        rows = rows.filter(step__key=filters.step)
    if filters.channel:
        rows = rows.filter(channel=filters.channel)
    if filters.variant is not None:
        rows = rows.filter(variant=filters.variant)
    if filters.what in STATES:
        return rows.filter(state__in=STATES[filters.what])
    rows = rows.filter(state=MessageState.SENT).exclude(channel=Way.WEBHOOK)
    if filters.hour is not None:
        rows = rows.filter(_at_hour(campaign, filters.hour))
    if filters.what in TIMES:
        rows = rows.exclude(**{TIMES[filters.what]: None})
    if filters.what == "machine_opened":
        rows = rows.exclude(machine_opened_at=None).filter(opened_at=None)
    return rows.filter(enrolment__goal_reached_at__gte=F("sent_at")) if filters.what == "goal" else rows


def _at_hour(campaign: Campaign, hour: int) -> Q:
    """By the clock of each customer, whose zones are few."""
    company = CompanySettings.current().time_zone
    rows = Enrolment.objects.filter(campaign=campaign).order_by()
    found = Q(pk__in=[])
    for time_zone, country in rows.values_list("customer__time_zone", "customer__country").distinct():
        zone = timing.zone_of(time_zone=time_zone, country=country, company=company)
        here = Q(customer__time_zone=time_zone, customer__country=country)
        found |= here & Q(Exact(ExtractHour("sent_at", tzinfo=zone), hour))
    return found


_WHAT = {
    "sent": gettext_lazy("got a message"), "delivered": gettext_lazy("got a message that was delivered"),
    "opened": gettext_lazy("opened a message"), "machine_opened": gettext_lazy("only a machine opened a message"),
    "clicked": gettext_lazy("clicked in a message"), "replied": gettext_lazy("replied to a message"),
    "bounced": gettext_lazy("a message bounced"), "complained": gettext_lazy("complained"),
    "unsubscribed": gettext_lazy("unsubscribed"), "goal": gettext_lazy("reached the goal after a message"),
    "waiting": gettext_lazy("a message waits"), "held": gettext_lazy("a message is held"),
    "skipped": gettext_lazy("a message was skipped"), "failed": gettext_lazy("a message failed"),
}  # fmt: skip


def words(campaign: Campaign, filters: Filters) -> list[str]:
    """What is asked, part by part."""
    said = [str(_WHAT[filters.what])] if filters.what else []
    said += [str(EnrolmentState(filters.state).label)] if filters.state else []
    said += [_("step %(step)s") % {"step": _step(campaign, filters.step)}] if filters.step else []
    said += [_("stands at step %(step)s") % {"step": _step(campaign, filters.at)}] if filters.at else []
    if filters.split and filters.way is not None:
        said.append(_("way %(way)s") % {"way": _way(campaign, filters.split, filters.way)})
    said += [_("tone %(tone)s") % {"tone": filters.variant or _("as written")}] if filters.variant is not None else []
    said += [str(Way(filters.channel).label)] if filters.channel else []
    said += [_("at %(hour)s:00 there") % {"hour": f"{filters.hour:02}"}] if filters.hour is not None else []
    if filters.held_out is not None:
        said.append(_("held out") if filters.held_out else _("not held out"))
    said += [_("reached the goal")] if filters.goal else []
    said += [_("due on %(day)s") % {"day": date_format(filters.due, "j F Y")}] if filters.due else []
    return said + ([_("in the last %(days)s days") % {"days": filters.days}] if filters.days else [])


def _newest(campaign: Campaign, key: str) -> CampaignStep | None:
    steps = CampaignStep.objects.filter(version__campaign=campaign, key=key)
    return steps.order_by("-version__number", "-pk").first()


def _step(campaign: Campaign, key: str) -> str:
    step = _newest(campaign, key)
    said = sentences.step(step.kind, step.settings, step.ways) if step else ""
    return f"{step.position + 1}. {said}" if step else "?"


def _way(campaign: Campaign, key: str, way: int) -> str:
    step = _newest(campaign, key)
    return str(step.ways[way]["name"]) if step and way < len(step.ways) else "?"
