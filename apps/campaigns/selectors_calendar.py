"""What will go out in the next days: broadcasts by their slots, messages that wait, runs whose wait ends."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from apps.campaigns import moments, sentences
from apps.campaigns.enums import CampaignState, MessageState, TriggerKind
from apps.campaigns.models import Campaign, Enrolment, Message
from apps.core.hours import day_start, first_zone
from apps.core.models import CompanySettings

DAYS = 30
_WAITING = [MessageState.HELD, MessageState.QUEUED]


@dataclass(frozen=True)
class Broadcast:
    campaign: Campaign
    at: datetime
    text: str


@dataclass(frozen=True)
class Waiting:
    campaign: Campaign
    n: int


@dataclass
class Day:
    day: date
    broadcasts: list[Broadcast] = field(default_factory=list)
    messages: "dict[int, Waiting]" = field(default_factory=dict)
    runs: "dict[int, Waiting]" = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.broadcasts or self.messages or self.runs)


def calendar(*, now: datetime) -> list[Day]:
    """By day of the company's calendar, from today. What was due before stands under today. Four questions."""
    zone = first_zone(CompanySettings.current().time_zone)
    today = now.astimezone(zone).date()
    days = {today + timedelta(days=n): Day(today + timedelta(days=n)) for n in range(DAYS)}
    until = day_start(today + timedelta(days=DAYS), zone)
    campaigns = {one.pk: one for one in Campaign.objects.active()}  # what is paused does not go out
    for broadcast in _broadcasts(campaigns.values(), now=now, until=until, zone=zone):
        days[broadcast.at.astimezone(zone).date()].broadcasts.append(broadcast)
    for name, rows, path in (
        ("messages", Message.objects.filter(state__in=_WAITING, due_at__lt=until), "enrolment__campaign_id"),
        ("runs", Enrolment.objects.active().filter(due_at__lt=until), "campaign_id"),
    ):
        for day, counts in _by_day(rows, path, zone).items():
            for pk, n in sorted(counts.items()):
                if pk in campaigns:
                    there = getattr(days[max(day, today)], name)
                    there[pk] = Waiting(campaigns[pk], n + (there[pk].n if pk in there else 0))
    return list(days.values())


def _by_day(rows: QuerySet[Any], path: str, zone: ZoneInfo) -> dict[date, dict[int, int]]:
    found: dict[date, dict[int, int]] = defaultdict(dict)
    grouped = rows.order_by().annotate(day=TruncDate("due_at", tzinfo=zone)).values_list("day", path)
    for day, pk, n in grouped.annotate(n=Count("pk")):
        found[day][pk] = n
    return found


def _broadcasts(
    campaigns: Iterable[Campaign], *, now: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[Broadcast]:
    """Of active ones. By each customer's clock the same wall time comes at several moments; the company's stands for
    them."""
    for one in campaigns:
        if one.state != CampaignState.ACTIVE or one.trigger != TriggerKind.SCHEDULE:
            continue
        text = sentences.trigger(one.trigger, one.trigger_settings)
        last = until - timedelta(microseconds=1)
        for at in moments.of_schedule(one.trigger_settings, zone=zone, since=now, until=last):
            yield Broadcast(one, at, text)
