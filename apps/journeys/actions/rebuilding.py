"""Recomputes stage history from the interactions, or compares the two."""

from collections.abc import Iterator
from datetime import datetime

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.customers.models import Customer
from apps.journeys import baselines, history
from apps.journeys.actions import progress
from apps.journeys.models import Baseline, Journey, Progress, StageEntry
from apps.touchpoints.models import Interaction

_CHUNK = 500
type Row = tuple[str, int, datetime, datetime | None]


def rebuild() -> int:
    """Puts everybody on the change queue; returns how many."""
    ids = list(Customer.objects.present().order_by("pk").values_list("pk", flat=True))
    changes.record_changes(customer_ids=ids, origin=Origin.REBUILD)
    return len(ids)


def compare(*, now: datetime) -> tuple[int, list[str]]:
    """How many customers were checked, and a sentence for each that differs in stages or times. Customers with
    changes that still wait are checked as they stand; let the queue run empty first."""
    differences: list[str] = []
    checked = 0
    for journey in Journey.objects.published().select_related("current_version").order_by("pk"):
        for ids in _chunks(journey):
            differences += _compare(journey, ids, now)
            checked += len(ids)
    return checked, differences


def _chunks(journey: Journey) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = Progress.objects.filter(journey=journey, customer_id__gt=last).order_by("customer_id")
        ids = list(rows.values_list("customer_id", flat=True)[:_CHUNK])
        if not ids:
            return
        yield ids
        last = ids[-1]


def _compare(journey: Journey, ids: list[int], now: datetime) -> list[str]:
    cuts = {pk: baseline for (pk, journey_id), baseline in baselines.of(ids).items() if journey_id == journey.pk}
    stored: dict[int, list[Row]] = {pk: [] for pk in ids}
    entries = StageEntry.objects.standing().filter(journey=journey, customer_id__in=ids).order_by("entered_at", "pk")
    for entry in entries:
        baseline = cuts.get(entry.customer_id)
        if baseline and entry.left_at and max(entry.entered_at, entry.left_at) < baseline.cut_at:
            continue  # what it was folded from is pruned
        stored[entry.customer_id].append((str(entry.stage_key), entry.lap, entry.entered_at, entry.left_at))
    found: dict[int, list] = {pk: [] for pk in ids}  # type: ignore[type-arg]
    for customer_id, seen in history.interactions(Interaction.objects.filter(customer_id__in=ids)):
        found[customer_id].append(seen)
    folded = {pk: _fold(journey, found[pk], cuts.get(pk), now) for pk in ids}
    differing = [pk for pk in ids if sorted(stored[pk], key=str) != sorted(folded[pk], key=str)]
    return [f"customer {pk}, journey {journey}: stored and recomputed history differ" for pk in differing]


def _fold(journey: Journey, seen: list, baseline: Baseline | None, now: datetime) -> list[Row]:  # type: ignore[type-arg]
    fold = progress.begin(journey, baseline)
    fold.take_all(baselines.counting(history.without_retracted(seen), baseline))
    fold.finish(now=now, origin=Origin.REBUILD)
    return [(fold.map.stages[e.stage].key, e.lap, e.entered_at, e.left_at) for e in fold.entries]
