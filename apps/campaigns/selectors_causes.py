"""What happened to customers that a trigger is about, read from the stored history: for "why", and to replay it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from apps.campaigns import moments, timing
from apps.campaigns.causes import Cause, with_key
from apps.campaigns.enums import TriggerKind
from apps.campaigns.models import Campaign
from apps.campaigns.wire import CampaignText
from apps.core.enums import Origin
from apps.core.models import CompanySettings
from apps.customers.models import Customer, Membership
from apps.journeys.models import StageEntry, StageEntryQuerySet, StepVisit
from apps.touchpoints import conditions
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

NOTHING = "00000000-0000-0000-0000-000000000000"  # the key of no stage and no step


@dataclass(frozen=True)
class Sought:
    """What a trigger is about."""

    kind: TriggerKind
    settings: dict[str, Any]
    stage_key: str | None
    journey_id: int | None


def of_campaign(campaign: Campaign) -> Sought:
    key = str(campaign.stage_key) if campaign.stage_key else None
    return Sought(TriggerKind(campaign.trigger), campaign.trigger_settings, key, campaign.journey_id)


def of_text(text: CampaignText) -> Sought:
    trigger = text.trigger
    return Sought(trigger.kind, trigger.settings, trigger.stage_key, text.journey.pk if text.journey else None)


@dataclass(frozen=True)
class Happened:
    """`known_at`: when we learned of it, from which its lateness is reckoned."""

    cause: Cause
    known_at: datetime
    origin: str

    @property
    def fires(self) -> bool:
        return Origin(self.origin).fires

    def is_late(self, most: timedelta) -> bool:
        return self.known_at - self.cause.at > most


@dataclass(frozen=True)
class Span:
    """Whom it is about, and from when until when, both included."""

    customer_ids: Sequence[int]
    since: datetime
    until: datetime

    def of(self, field: str) -> dict[str, Any]:
        return {"customer_id__in": self.customer_ids, f"{field}__gte": self.since, f"{field}__lte": self.until}


def happened(sought: Sought, span: Span) -> list[Happened]:
    """In the order in which we learned of them. A few questions, whatever the number of customers."""
    find = _FINDERS.get(sought.kind)
    found = _keyed(sought, find(sought, span)) if find is not None and span.customer_ids else []
    return sorted(found, key=lambda one: (one.known_at, one.cause.at, one.cause.customer_id, one.cause.key))


def _keyed(sought: Sought, found: Iterable[Happened]) -> list[Happened]:
    rows, path = list(found), sought.settings.get("key")
    if not path:
        return rows
    ids = {row.cause.interaction_id for row in rows if row.cause.interaction_id is not None}
    said = dict(Interaction.objects.filter(pk__in=ids).values_list("pk", "properties"))
    return [replace(row, cause=with_key(row.cause, said.get(row.cause.interaction_id or 0, {}), path)) for row in rows]


def _entries(sought: Sought) -> StageEntryQuerySet:
    return StageEntry.objects.standing().filter(journey=sought.journey_id, stage_key=sought.stage_key or NOTHING)


def _received(ids: Collection[int | None]) -> dict[int | None, datetime]:
    known = {pk for pk in ids if pk is not None}
    return dict(Interaction.objects.filter(pk__in=known).values_list("pk", "received_at"))


def _stage_entered(sought: Sought, span: Span) -> Iterable[Happened]:
    rows = list(_entries(sought).filter(**span.of("entered_at")))
    received = _received([row.interaction_id for row in rows])
    for row in rows:
        cause = Cause(row.customer_id, f"entry:{row.pk}", row.entered_at, row.pk, row.interaction_id)
        yield Happened(cause, max(row.entered_at, received.get(row.interaction_id, row.entered_at)), row.origin)


def _stage_left(sought: Sought, span: Span) -> Iterable[Happened]:
    """With the origin of what the customer went on to."""
    later = StageEntry.objects.standing().filter(
        customer_id=OuterRef("customer_id"), journey_id=OuterRef("journey_id"), entered_at__gte=OuterRef("left_at")
    )
    following = later.exclude(pk=OuterRef("pk")).order_by("entered_at", "pk")
    left = _entries(sought).filter(**span.of("left_at")).annotate(
        then_origin=Subquery(following.values("origin")[:1]), then_by=Subquery(following.values("interaction_id")[:1])
    )  # fmt: skip
    rows = list(left.values_list("customer_id", "pk", "left_at", "then_origin", "then_by"))
    received = _received([row[4] for row in rows])
    for customer_id, pk, at, origin, by in rows:
        assert at is not None  # noqa: S101 - within the span
        cause = Cause(customer_id, f"left:{pk}", at, pk)
        yield Happened(cause, max(at, received.get(by, at)), origin or Origin.LIVE)


def _overdue(sought: Sought, span: Span) -> Iterable[Happened]:
    """The clock finds it, unless it was so already when we learned of the entry."""
    rows = list(_entries(sought).filter(**span.of("overdue_at")))
    received = _received([row.interaction_id for row in rows])
    for row in rows:
        at = row.overdue_at or row.entered_at
        known_at = received.get(row.interaction_id, at)
        cause = Cause(row.customer_id, f"overdue:{row.pk}", at, row.pk)
        yield Happened(cause, max(at, known_at), row.origin if known_at > at else Origin.LIVE)


def _step_reached(sought: Sought, span: Span) -> Iterable[Happened]:
    visits = StepVisit.objects.filter(
        journey=sought.journey_id, step_key=sought.settings.get("step_key") or NOTHING, **span.of("at")
    )
    fields = ("customer_id", "interaction_id", "at", "interaction__received_at", "interaction__origin")
    for customer_id, pk, at, received_at, origin in visits.values_list(*fields):
        yield Happened(Cause(customer_id, f"visit:{pk}", at, interaction_id=pk), max(at, received_at), origin)


def _event(sought: Sought, span: Span) -> Iterable[Happened]:
    asked = {name: value for name, value in sought.settings.items() if name != "key"}
    rows = Interaction.objects.filter(conditions.read(asked).condition(), **span.of("occurred_at"))
    for customer_id, pk, at, received_at, origin in rows.values_list(
        "customer_id", "pk", "occurred_at", "received_at", "origin"
    ):
        yield Happened(Cause(customer_id, f"event:{pk}", at, interaction_id=pk), max(at, received_at), origin)


def _scored(sought: Sought, span: Span) -> Iterable[Happened]:
    asked = sought.settings
    rows = Interaction.objects.filter(event=Event.SURVEY_ANSWERED, **span.of("occurred_at"))
    for row in rows:
        score, said = row.properties.get("score"), row.properties
        is_asked = said.get("survey") == asked.get("survey") or said.get("kind") == asked.get("kind", "?")
        if is_asked and isinstance(score, int) and asked.get("from", score) <= score <= asked.get("to", score):
            key = f"score:{row.message_id.partition(':')[2].partition(':')[0]}"
            cause = Cause(row.customer_id, key, row.occurred_at, interaction_id=row.pk)
            yield Happened(cause, max(row.occurred_at, row.received_at), row.origin)


def _segment_entered(sought: Sought, span: Span) -> Iterable[Happened]:
    rows = Membership.objects.filter(segment__name=sought.settings.get("segment"), **span.of("joined_at"))
    for customer_id, pk, at, origin in rows.values_list("customer_id", "pk", "joined_at", "origin"):
        yield Happened(Cause(customer_id, f"segment:{pk}", at), at, origin)


def _date(sought: Sought, span: Span) -> Iterable[Happened]:
    for customer_id, zone, traits in _clocks(span):
        for at in moments.of_date(sought.settings, traits=traits, zone=zone, since=span.since, until=span.until):
            yield Happened(Cause(customer_id, f"date:{at:%Y-%m-%d}", at), at, Origin.LIVE)


def _schedule(sought: Sought, span: Span) -> Iterable[Happened]:
    """One without a time comes when the campaign starts: at the beginning of what is looked at."""
    company = timing.zone_of(time_zone="", country="", company=CompanySettings.current().time_zone)
    is_theirs = sought.settings.get("clock") == "customer"
    by_zone: dict[str, list[datetime]] = {}
    for customer_id, own, _traits in _clocks(span):
        zone = own if is_theirs else company
        if zone.key not in by_zone:
            found = moments.of_schedule(sought.settings, zone=zone, since=span.since, until=span.until)
            by_zone[zone.key] = found if "at" in sought.settings else [span.since]
        for at in by_zone[zone.key]:
            yield Happened(Cause(customer_id, f"slot:{at.isoformat()}", at), at, Origin.LIVE)


def _clocks(span: Span) -> Iterable[tuple[int, ZoneInfo, dict[str, Any]]]:
    company = CompanySettings.current().time_zone
    rows = Customer.objects.present().filter(pk__in=span.customer_ids)
    for pk, time_zone, country, traits in rows.values_list("pk", "time_zone", "country", "traits"):
        yield pk, timing.zone_of(time_zone=time_zone, country=country, company=company), traits


_FINDERS: dict[TriggerKind, Callable[[Sought, Span], Iterable[Happened]]] = {
    TriggerKind.STAGE_ENTERED: _stage_entered,
    TriggerKind.STAGE_LEFT: _stage_left,
    TriggerKind.OVERDUE: _overdue,
    TriggerKind.STEP_REACHED: _step_reached,
    TriggerKind.EVENT: _event,
    TriggerKind.SCORED: _scored,
    TriggerKind.SEGMENT_ENTERED: _segment_entered,
    TriggerKind.DATE: _date,
    TriggerKind.SCHEDULE: _schedule,
}
