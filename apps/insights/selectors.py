"""The funnel: exact over every visit, in one pass, whatever the unit, window or breakdown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform

from apps.journeys.models import Journey, StepVisit

SESSION_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True)
class FunnelQuery:
    """`start` and `end` bound the visits, end excluded; window None: no window."""

    start: datetime | None = None
    end: datetime | None = None
    order: str = "ordered"
    unit: str = "customer"
    window: timedelta | None = None
    breakdown: str | None = None


@dataclass
class Funnel:
    """For each step of the map, in order, how many units got there."""

    steps: list[tuple[str, int]]
    groups: list[tuple[str | None, list[tuple[str, int]]]] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One visit, as the funnel sees it."""

    customer_id: int
    step: int
    at: datetime
    session: str | None
    value: str | None


def funnel(journey: Journey, query: FunnelQuery) -> Funnel:
    names, rows = _rows(journey, query)
    if query.breakdown is None:
        return Funnel(steps=_named(names, _count(rows, query, len(names))))
    by_value: dict[str | None, list[Step]] = defaultdict(list)
    for row in rows:
        by_value[row.value].append(row)
    every = sorted((row for group in by_value.values() for row in group), key=lambda row: row.customer_id)
    groups = [
        (value, _named(names, _count(group, query, len(names))))
        for value, group in sorted(by_value.items(), key=lambda pair: (pair[0] is None, pair[0] or ""))
    ]
    return Funnel(steps=_named(names, _count(every, query, len(names))), groups=groups)


def customers_at(journey: Journey, query: FunnelQuery, *, step: int) -> list[int]:
    """The customers behind a bar: those who got at least to this step (counted from 0)."""
    names, rows = _rows(journey, query)
    found: dict[int, None] = {}
    for customer_id, steps in _units(rows, query):
        if step in _reached(steps, query, len(names)):
            found[customer_id] = None
    return list(found)


def _rows(journey: Journey, query: FunnelQuery) -> tuple[list[str], Iterator[Step]]:
    if journey.current_version is None:
        raise ValueError(f"{journey} is not published")
    steps = [step for stage in journey.current_version.snapshot["stages"] for step in stage["steps"]]
    index = {step["key"]: number for number, step in enumerate(steps)}
    return [step["name"] for step in steps], _read(_visits(journey, query), index, query)


def _visits(journey: Journey, query: FunnelQuery) -> QuerySet[StepVisit]:
    visits = StepVisit.objects.filter(journey=journey)
    if query.start is not None:
        visits = visits.filter(at__gte=query.start)
    if query.end is not None:
        visits = visits.filter(at__lt=query.end)
    return visits.order_by("customer_id", "at", "interaction_id")


def _read(visits: QuerySet[StepVisit], index: dict[str, int], query: FunnelQuery) -> Iterator[Step]:
    fields: list[Any] = ["customer_id", "step_key", "at"]
    extra: dict[str, Any] = {}
    if query.unit == "session":
        extra["said_session"] = KeyTextTransform("sessionId", "interaction__context")
        extra["said_session_too"] = KeyTextTransform("session_id", "interaction__properties")
    if query.breakdown is not None:
        extra["value"] = KeyTextTransform(query.breakdown, "interaction__properties")
    rows = visits.annotate(**extra).values(*fields, *extra)
    for row in rows.iterator(chunk_size=5000):
        step = index.get(str(row["step_key"]))
        if step is not None:
            session = row.get("said_session") or row.get("said_session_too")
            yield Step(row["customer_id"], step, row["at"], session, row.get("value"))


def _count(rows: Iterable[Step], query: FunnelQuery, size: int) -> list[int]:
    counts = [0] * size
    for _customer_id, steps in _units(rows, query):
        for number in _reached(steps, query, size):
            counts[number] += 1
    return counts


def _units(rows: Iterable[Step], query: FunnelQuery) -> Iterator[tuple[int, list[Step]]]:
    """Each unit's visits in order; rows come customer by customer."""
    customer: list[Step] = []
    for row in rows:
        if customer and customer[0].customer_id != row.customer_id:
            yield from _split(customer, query)
            customer = []
        customer.append(row)
    if customer:
        yield from _split(customer, query)


def _split(customer: list[Step], query: FunnelQuery) -> Iterator[tuple[int, list[Step]]]:
    if query.unit == "customer":
        yield customer[0].customer_id, customer
        return
    sessions: dict[Any, list[Step]] = defaultdict(list)
    silent, last = 0, None
    for row in customer:
        if row.session is None:
            if last is not None and row.at - last > SESSION_PAUSE:
                silent += 1
            last = row.at
        sessions[row.session if row.session is not None else silent].append(row)
    for rows in sessions.values():
        yield rows[0].customer_id, rows


def _reached(rows: list[Step], query: FunnelQuery, size: int) -> list[int]:
    if query.order == "any":
        return sorted({row.step for row in rows})
    return list(range(_furthest(rows, query.window, size)))


def _furthest(rows: list[Step], window: timedelta | None, size: int) -> int:
    """How many steps were got through in order. For each step the latest opening of a window from which it can be
    reached is kept, so one pass decides for every opening; a window's end is inclusive."""
    opened: list[datetime | None] = [None] * size
    furthest = 0
    for row in rows:
        start = row.at if row.step == 0 else opened[row.step - 1]
        if start is None or (window is not None and row.at - start > window):
            continue
        before = opened[row.step]
        opened[row.step] = start if before is None else max(before, start)
        furthest = max(furthest, row.step + 1)
    return furthest


def _named(names: list[str], counts: list[int]) -> list[tuple[str, int]]:
    return list(zip(names, counts, strict=True))
