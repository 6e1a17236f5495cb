"""Where a customer stands on each journey, how they came there, and where that deviates from the map."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from apps.customers.models import Customer
from apps.journeys.enums import DeviationKind
from apps.journeys.models import Progress, StageEntry, StepVisit
from apps.touchpoints.models import Interaction

OFF_MAP_SHOWN = 50


@dataclass(frozen=True)
class Deviation:
    kind: str
    stage: str | None
    step: str | None
    at: datetime


@dataclass(frozen=True)
class StageStay:
    """left_at None: still there."""

    lap: int
    stage_key: str
    stage: str
    entered_at: datetime
    left_at: datetime | None
    is_overdue: bool


@dataclass
class Standing:
    journey_id: int
    journey: str
    lap: int
    stage: str
    stage_key: str
    step: str | None
    entered_at: datetime
    is_overdue: bool
    expected_days: float | None
    stages: list[dict[str, Any]]
    history: list[StageStay] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)


def standings(customer: Customer, *, with_deviations: bool = True) -> list[Standing]:
    """One for each journey the customer is on."""
    rows = Progress.objects.on_journey().filter(customer=customer).select_related("journey", "version")
    found = []
    for progress in rows.order_by("journey__name", "pk"):
        standing = _standing(progress)
        standing.history = _history(customer, progress)
        if with_deviations:
            standing.deviations = _deviations(customer, progress, standing)
        found.append(standing)
    return found


def _standing(progress: Progress) -> Standing:
    snapshot = progress.version.snapshot
    stage = next(s for s in snapshot["stages"] if s["key"] == str(progress.stage_key))
    step_names = {step["key"]: step["name"] for s in snapshot["stages"] for step in s["steps"]}
    return Standing(
        journey_id=progress.journey_id,
        journey=progress.journey.name,
        lap=progress.lap,
        stage=stage["name"],
        stage_key=stage["key"],
        step=step_names.get(str(progress.step_key)),
        entered_at=progress.entered_at or datetime.now(UTC),
        is_overdue=progress.is_overdue,
        expected_days=stage.get("expected_days"),
        stages=snapshot["stages"],
    )


def _history(customer: Customer, progress: Progress) -> list[StageStay]:
    names = {s["key"]: s["name"] for s in progress.version.snapshot["stages"]}
    entries = StageEntry.objects.standing().filter(customer=customer, journey=progress.journey)
    return [
        StageStay(
            lap=entry.lap,
            stage_key=str(entry.stage_key),
            stage=names.get(str(entry.stage_key), ""),
            entered_at=entry.entered_at,
            left_at=entry.left_at,
            is_overdue=entry.overdue_at is not None,
        )
        for entry in entries.order_by("entered_at", "pk")
    ]


def _deviations(customer: Customer, progress: Progress, standing: Standing) -> list[Deviation]:
    visits = list(
        StepVisit.objects.filter(customer=customer, journey=progress.journey).order_by("at", "interaction_id")
    )
    names = {s["key"]: s["name"] for s in standing.stages}
    steps = [{**step, "stage": s["name"]} for s in standing.stages for step in s["steps"]]
    by_key = {step["key"]: step for step in steps}
    found = []
    for visit in visits:
        step = by_key.get(str(visit.step_key))
        for kind, applies in (
            (DeviationKind.BACKWARD, visit.is_backward),
            (DeviationKind.REPEATED, visit.is_repeated),
        ):
            if applies and step is not None:
                found.append(Deviation(kind.value, names.get(str(visit.stage_key)), step["name"], visit.at))
    found += _skipped(visits, steps)
    overdue = StageEntry.objects.standing().filter(customer=customer, journey=progress.journey)
    for entry in overdue.exclude(overdue_at=None):
        if entry.overdue_at is not None:
            found.append(
                Deviation(DeviationKind.OVERDUE.value, names.get(str(entry.stage_key)), None, entry.overdue_at)
            )
    found += _off_map(customer, progress)
    return sorted(found, key=lambda deviation: (deviation.at, deviation.kind))


def _skipped(visits: list[StepVisit], steps: list[dict[str, Any]]) -> list[Deviation]:
    """Non-optional steps before the furthest step of a lap that were not visited in it, nor an alternative to them;
    at the time of the first visit beyond."""
    index = {step["key"]: number for number, step in enumerate(steps)}
    laps: dict[int, list[StepVisit]] = defaultdict(list)
    for visit in visits:
        if str(visit.step_key) in index:
            laps[visit.lap].append(visit)
    found = []
    for lap in laps.values():
        first_at: dict[int, datetime] = {}
        for visit in lap:
            first_at.setdefault(index[str(visit.step_key)], visit.at)
        for number, step in enumerate(steps[: max(first_at)]):
            if step.get("optional") or number in first_at or _has_alternative(step, steps, first_at):
                continue
            at = min(moment for place, moment in first_at.items() if place > number)
            found.append(Deviation(DeviationKind.SKIPPED.value, step["stage"], step["name"], at))
    return found


def _has_alternative(step: dict[str, Any], steps: list[dict[str, Any]], visited: dict[int, datetime]) -> bool:
    group = {step["name"], step.get("alternative_to")} - {None}
    return any(
        number in visited and (other["name"] in group or other.get("alternative_to") in group)
        for number, other in enumerate(steps)
        if other is not step
    )


def _off_map(customer: Customer, progress: Progress) -> list[Deviation]:
    """The latest interactions of the customer that fit no step."""
    visited = StepVisit.objects.filter(
        customer=customer, journey=progress.journey, at=OuterRef("occurred_at"), interaction_id=OuterRef("pk")
    )
    rows = Interaction.objects.for_customer(customer).by_customers().filter(~Exists(visited))
    latest = rows.order_by("-occurred_at", "-pk").values_list("occurred_at", "event")[:OFF_MAP_SHOWN]
    return [Deviation(DeviationKind.OFF_MAP.value, None, event, at) for at, event in latest]


def looks_overdue(now: datetime) -> QuerySet[Progress]:
    return Progress.objects.to_look_at(now - timedelta(minutes=15))
