"""Where folds of pruned customers begin: the state at the cut. What lies before it is gone from the log and stays as it
was stored; see docs/adr/0008-pruning.md."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from apps.core.enums import Origin
from apps.journeys.fold import Fold, State
from apps.journeys.maps import Map, Seen
from apps.journeys.models import Baseline

type Baselines = dict[tuple[int, int], Baseline]


def of(customer_ids: Sequence[int]) -> Baselines:
    """By customer and journey; those who were never pruned have none."""
    rows = Baseline.objects.filter(customer_id__in=customer_ids).select_related("version")
    return {(row.customer_id, row.journey_id): row for row in rows}


def counting(seen: Iterable[Seen], baseline: Baseline | None) -> list[Seen]:
    """Without what arrived for a time that is pruned: the state at the cut cannot be folded anew."""
    return [one for one in seen if baseline is None or one.at >= baseline.cut_at]


def begin(baseline: Baseline | None, *, made_by: Map | None, journey_map: Map, journey_id: int) -> Fold:
    """A fold from the beginning, or from the cut. `made_by` is the map of the baseline."""
    if baseline is None or made_by is None:
        return Fold(journey_map, journey_id=journey_id)
    state = State.load(baseline.state)
    if made_by is not journey_map:
        state = translate(state, made_by, journey_map, cut_at=baseline.cut_at)
    fold = Fold(journey_map, state, journey_id=journey_id)
    for entry in fold.entries:
        entry.origin = Origin.REBUILD  # should its row be missing, it is made again and fires nothing
    return fold


def translate(state: State, old: Map, new: Map, *, cut_at: datetime) -> State:
    """The state as the new version would have it, as far as that is known: whose stage is gone is in the one before it,
    and what time alone would have done before the cut counts as done."""
    stage = _stage(state, old, new)
    steps = {step.key: step.index for step in new.steps}
    visited = [steps.get(old.steps[index].key) for index in state.visited]
    last_step = None if state.last_step is None else steps.get(old.steps[state.last_step].key)
    made = replace(state, stage=stage, last_step=last_step, visited=[index for index in visited if index is not None])
    made.silent_at = _silent_at(state, old, new, cut_at)
    expected = None if stage is None else new.stages[stage].expected
    if expected is not None and made.entered_at is not None and made.entered_at + expected < cut_at:
        made.is_overdue = True
    return made


def _stage(state: State, old: Map, new: Map) -> int | None:
    if state.stage is None:
        return None
    earlier = [new.stage_index(stage.key) for stage in reversed(old.stages[: state.stage + 1])]
    return next((index for index in earlier if index is not None), None)


def _silent_at(state: State, old: Map, new: Map, cut_at: datetime) -> datetime | None:
    if state.silent_at is None or old.lapse_after is None or new.lapse_after is None:
        return None
    return max(state.silent_at - old.lapse_after + new.lapse_after, cut_at)
