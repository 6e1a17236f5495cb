"""Folds the customers of a pipeline batch and stores what came of it, set-wise. The rules are in fold.py, which
interactions a fold reads and how a refold keeps its rows in docs/adr/0005-fold.md."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from apps.core.enums import Origin
from apps.core.models import Change
from apps.core.registry import Batch
from apps.journeys import baselines, entries, history
from apps.journeys.baselines import Baselines
from apps.journeys.fold import Fold, State
from apps.journeys.maps import Map, Seen, read_map
from apps.journeys.models import Baseline, Journey, MapVersion, Progress
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

_REFOLDS = {Origin.MERGE, Origin.PUBLISH, Origin.REBUILD}
_maps: dict[int, Map] = {}


@dataclass
class Load:
    """One customer's part of a batch."""

    customer_id: int
    seen: list[Seen]
    origins: set[str]

    @property
    def bulk_origin(self) -> Origin | None:
        return next((Origin(o) for o in (Origin.MERGE, Origin.REBUILD, Origin.PUBLISH) if o in self.origins), None)

    @property
    def time_origin(self) -> str:
        """Of what time alone does in this pass."""
        if self.origins & {Origin.LIVE, Origin.STAFF}:
            return Origin.LIVE.value
        return self.bulk_origin or Origin.IMPORT.value

    @property
    def retracts(self) -> bool:
        return any(seen.event == Event.RETRACTED for seen in self.seen)


def fold_changes(batch: Batch) -> None:
    """Pipeline handler: appends to batch.facts what entries.py declares."""
    journeys = list(Journey.objects.published().select_related("current_version").order_by("pk"))
    if not journeys or not batch.changes:
        return
    loads = _loads(batch)
    whole = _Histories(list(loads))
    cuts = baselines.of(list(loads))
    for journey in journeys:
        _fold_journey(journey, loads, whole, cuts, batch)


def current_map(journey: Journey) -> Map:
    version = journey.current_version
    if version is None:
        raise ValueError(f"{journey} is not published")
    return _map_of(version)


def begin(journey: Journey, baseline: Baseline | None) -> Fold:
    """A fold of everything that is kept."""
    made_by = _map_of(baseline.version) if baseline else None
    return baselines.begin(baseline, made_by=made_by, journey_map=current_map(journey), journey_id=journey.pk)


def _map_of(version: MapVersion) -> Map:
    if version.pk not in _maps:
        _maps[version.pk] = read_map(version.snapshot)
    return _maps[version.pk]


def _loads(batch: Batch) -> dict[int, Load]:
    loads = {pk: Load(pk, [], set()) for pk in batch.customer_ids}
    for change in batch.changes:
        loads[change.customer_id].origins.add(change.origin)
    ids = [change.interaction_id for change in batch.changes if change.interaction_id is not None]
    for customer_id, seen in history.interactions(Interaction.objects.filter(pk__in=ids)):
        if customer_id in loads:
            loads[customer_id].seen.append(seen)
    return loads


class _Histories:
    """The full histories of customers, read once for all journeys, without interactions whose change still waits:
    each interaction is folded in the pass that claims its change, so none is folded twice."""

    def __init__(self, customer_ids: list[int]) -> None:
        self.customer_ids = customer_ids
        self._read: dict[int, list[Seen]] = {}

    def prepare(self, customer_ids: Iterable[int]) -> None:
        wanted = sorted(set(customer_ids) - set(self._read))
        if not wanted:
            return
        found: dict[int, list[Seen]] = defaultdict(list)
        for customer_id, seen in history.interactions(Interaction.objects.filter(customer_id__in=wanted)):
            found[customer_id].append(seen)
        # Read after the interactions: one that was visible then has its change visible now, or was folded before.
        pending = set(
            Change.objects.for_customers(wanted).exclude(interaction_id=None).values_list("interaction_id", flat=True)
        )
        for customer_id in wanted:
            self._read[customer_id] = history.without_retracted(
                [seen for seen in found[customer_id] if seen.id not in pending]
            )

    def of(self, load: Load) -> list[Seen]:
        """With the origin that each interaction has as a cause in this pass: after a merge or a publication only
        what was claimed with it is news."""
        rows = self._read[load.customer_id]
        if load.bulk_origin is None:
            return rows
        fresh = {seen.id for seen in load.seen}
        return [seen if seen.id in fresh else replace(seen, origin=load.bulk_origin.value) for seen in rows]


def _fold_journey(journey: Journey, loads: dict[int, Load], whole: _Histories, cuts: Baselines, batch: Batch) -> None:
    loads = {pk: _since_cut(load, cuts.get((pk, journey.pk))) for pk, load in loads.items()}
    stored = {p.customer_id: p for p in Progress.objects.filter(journey=journey, customer_id__in=list(loads))}
    again = {pk for pk, load in loads.items() if _needs_refold(load, stored.get(pk), journey)}
    whole.prepare(again)
    journey_map = current_map(journey)
    folds: list[entries.Folded] = []
    for pk, load in loads.items():
        progress, baseline = stored.get(pk), cuts.get((pk, journey.pk))
        if pk in again or progress is None:
            fold = begin(journey, baseline)
            fold.take_all(_cause(baselines.counting(whole.of(load), baseline), load, progress, journey))
        else:
            fold = Fold(journey_map, State.load(progress.state), journey_id=journey.pk)
            fold.take_all(_in_order(load.seen))
        fold.finish(now=batch.now, origin=load.time_origin)
        is_new = progress is None and baseline is None and load.bulk_origin is not Origin.MERGE
        cut_at = baseline.cut_at if baseline else None
        folds.append(entries.Folded(pk, fold, is_refold=pk in again, is_new=is_new, cut_at=cut_at))
    batch.facts += entries.store(folds, journey=journey, journey_map=journey_map, now=batch.now)
    batch.facts += _reached(folds, loads, journey)


def _reached(folds: list[entries.Folded], loads: dict[int, Load], journey: Journey) -> Iterable[entries.ReachedStep]:
    for folded in folds:
        fresh = {seen.id: seen.origin for seen in loads[folded.customer_id].seen}
        for visit in folded.fold.visits:
            if visit.interaction_id in fresh:
                origin, key = fresh[visit.interaction_id], visit.step.key
                yield entries.ReachedStep(journey.pk, folded.customer_id, visit.interaction_id, key, visit.at, origin)


def _since_cut(load: Load, baseline: Baseline | None) -> Load:
    return replace(load, seen=baselines.counting(load.seen, baseline))


def _needs_refold(load: Load, progress: Progress | None, journey: Journey) -> bool:
    if progress is None or progress.version_id != journey.current_version_id:
        return True
    if load.origins & _REFOLDS or load.retracts:
        return True
    state = State.load(progress.state)
    return any(state.is_late(seen) for seen in load.seen)


def _cause(rows: list[Seen], load: Load, progress: Progress | None, journey: Journey) -> list[Seen]:
    """Who was not measured by this version before: what is not claimed in this pass has the origin publish."""
    if load.bulk_origin is not None or (progress and progress.version_id == journey.current_version_id):
        return rows
    fresh = {seen.id for seen in load.seen}
    return [seen if seen.id in fresh else replace(seen, origin=Origin.PUBLISH.value) for seen in rows]


def _in_order(seen: list[Seen]) -> list[Seen]:
    return sorted(seen, key=attrgetter("at", "id"))


def forget_cached() -> None:
    """Maps are read afresh by this process from now on."""
    _maps.clear()


def request_look(*, now: datetime, limit: int = 1000) -> int:
    """Puts customers whose silence or overdue time has come on the change queue; returns how many."""
    return entries.queue_due(now=now, limit=limit)
