"""Stores the outcome of folds. An entry's row outlives refolds: a fresh entry of the same stage whose time overlaps a
stored one takes over that row; a stored one that is no more stays, withdrawn."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
from django.db import connection, transaction

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.journeys.fold import Entry, Fold
from apps.journeys.maps import Map
from apps.journeys.models import Journey, Progress, StageEntry, StageMove, StepVisit


@dataclass(frozen=True)
class Entered:
    journey_id: int
    customer_id: int
    entry_id: int
    stage_key: str
    at: datetime
    origin: str
    interaction_id: int | None = None


@dataclass(frozen=True)
class LeftStage:
    """With the origin of what the customer went on to."""

    journey_id: int
    customer_id: int
    entry_id: int
    stage_key: str
    at: datetime
    origin: str


@dataclass(frozen=True)
class ReachedStep:
    """An interaction that came in this pass reached a step."""

    journey_id: int
    customer_id: int
    interaction_id: int
    step_key: str
    at: datetime
    origin: str


@dataclass(frozen=True)
class BecameOverdue:
    journey_id: int
    customer_id: int
    entry_id: int
    stage_key: str
    at: datetime
    origin: str


@dataclass(frozen=True)
class Withdrawn:
    """A refold took this entry back; what it caused and still waits should not go on."""

    customer_id: int
    entry_id: int


type Fact = Entered | LeftStage | ReachedStep | BecameOverdue | Withdrawn


@dataclass
class Folded:
    customer_id: int
    fold: Fold
    is_refold: bool
    is_new: bool = False  # nothing is stored of this customer on this journey
    cut_at: datetime | None = None  # what lies before is pruned, and stays as it is stored
    pairs: list["Pair"] = field(default_factory=list)


@dataclass(frozen=True)
class Pair:
    """An entry of the fold and its row, with what the row said before."""

    entry: Entry
    row: StageEntry
    was_overdue: bool
    was_left: bool


def store(folds: Sequence[Folded], *, journey: Journey, journey_map: Map, now: datetime) -> list[Fact]:
    stored = _stored_entries(folds, journey)
    new: list[StageEntry] = []
    changed: dict[int, StageEntry] = {}
    for folded in folds:
        _match(folded, stored[folded.customer_id], journey, journey_map, now=now, new=new, changed=changed)
    _write_entries(new, changed)
    _write_steps_and_moves(folds, journey, journey_map)
    _write_progress(folds, journey, journey_map)
    withdrawn = [Withdrawn(row.customer_id, row.pk) for row in changed.values() if row.withdrawn_at == now]
    return [*withdrawn, *(_entered(row) for row in new), *_left(folds), *_overdue(folds)]


def _entered(row: StageEntry) -> Entered:
    key = str(row.stage_key)
    return Entered(row.journey_id, row.customer_id, row.pk, key, row.entered_at, row.origin, row.interaction_id)


def _left(folds: Sequence[Folded]) -> Iterable[LeftStage]:
    for folded in folds:
        for pair, following in pairwise(folded.pairs):
            row = pair.row
            if row.left_at is not None and not pair.was_left:
                yield LeftStage(
                    row.journey_id, row.customer_id, row.pk, str(row.stage_key), row.left_at, following.entry.origin
                )


def _overdue(folds: Sequence[Folded]) -> Iterable[BecameOverdue]:
    for folded in folds:
        for pair in folded.pairs:
            entry, row = pair.entry, pair.row
            if entry.overdue_at is not None and not pair.was_overdue:
                yield BecameOverdue(
                    row.journey_id,
                    row.customer_id,
                    row.pk,
                    str(row.stage_key),
                    entry.overdue_at,
                    entry.overdue_origin,
                )


def _stored_entries(folds: Sequence[Folded], journey: Journey) -> dict[int, list[StageEntry]]:
    """Of those folded anew all entries, of the others the open one."""
    refolded = [f.customer_id for f in folds if f.is_refold and not f.is_new]
    extended = [f.customer_id for f in folds if not f.is_refold and _touches_open_entry(f.fold)]
    found: dict[int, list[StageEntry]] = defaultdict(list)
    rows = StageEntry.objects.filter(journey=journey)
    if refolded:
        cuts = {folded.customer_id: folded.cut_at for folded in folds}
        for row in rows.filter(customer_id__in=refolded).order_by("entered_at", "pk"):
            if not _is_before(row, cuts[row.customer_id]):
                found[row.customer_id].append(row)
    if extended:
        for row in rows.standing().filter(customer_id__in=extended, left_at=None):
            found[row.customer_id].append(row)
    return found


def _is_before(row: StageEntry, cut_at: datetime | None) -> bool:
    return cut_at is not None and row.left_at is not None and row.entered_at < cut_at and row.left_at < cut_at


def _touches_open_entry(fold: Fold) -> bool:
    first = fold.entries[0] if fold.entries else None
    return first is not None and first.is_stored and (first.left_at or first.overdue_at) is not None


def _match(
    folded: Folded,
    stored: list[StageEntry],
    journey: Journey,
    journey_map: Map,
    *,
    now: datetime,
    new: list[StageEntry],
    changed: dict[int, StageEntry],
) -> None:
    free = list(stored)
    for entry in folded.fold.entries:
        key = journey_map.stages[entry.stage].key
        row = _row_of(entry, free, key, is_refold=folded.is_refold)
        was_overdue = row is not None and row.overdue_at is not None
        was_left = row is not None and row.left_at is not None
        if row is None and (folded.is_refold or not entry.is_stored):
            row = _new_row(folded.customer_id, journey, key, entry)
            new.append(row)
        elif row is not None:
            free.remove(row)
            _take_over(row, entry, folded, changed)
        if row is not None:
            folded.pairs.append(Pair(entry, row, was_overdue=was_overdue, was_left=was_left))
    if folded.is_refold:
        for row in free:
            if row.withdrawn_at is None:
                row.withdrawn_at = now
                changed[row.pk] = row


def _row_of(entry: Entry, free: Sequence[StageEntry], stage_key: str, *, is_refold: bool) -> StageEntry | None:
    if not is_refold:
        return free[0] if free and entry.is_stored else None
    if entry.is_stored:  # the one in which the customer was at the cut
        same = (row for row in free if row.entered_at == entry.entered_at and str(row.stage_key) == stage_key)
        return next(iter(sorted(same, key=lambda row: row.withdrawn_at is not None)), None)
    return next((row for row in free if str(row.stage_key) == stage_key and _overlap(row, entry)), None)


def _overlap(row: StageEntry, entry: Entry) -> bool:
    if row.entered_at == entry.entered_at:
        return True
    starts_before = entry.left_at is None or row.entered_at < entry.left_at
    ends_after = row.left_at is None or entry.entered_at < row.left_at
    return starts_before and ends_after


def _take_over(row: StageEntry, entry: Entry, folded: Folded, changed: dict[int, StageEntry]) -> None:
    before = (row.lap, row.entered_at, row.left_at, row.overdue_at, row.interaction_id, row.withdrawn_at)
    row.lap, row.entered_at, row.left_at, row.withdrawn_at = entry.lap, entry.entered_at, entry.left_at, None
    if entry.is_stored:
        is_open = folded.is_refold and folded.cut_at is not None and row.overdue_at and row.overdue_at >= folded.cut_at
        row.overdue_at = entry.overdue_at if is_open else row.overdue_at or entry.overdue_at
    else:
        row.overdue_at, row.interaction_id = entry.overdue_at, entry.interaction_id
    if before != (row.lap, row.entered_at, row.left_at, row.overdue_at, row.interaction_id, None):
        changed[row.pk] = row


def _new_row(customer_id: int, journey: Journey, stage_key: str, entry: Entry) -> StageEntry:
    return StageEntry(
        customer_id=customer_id,
        journey=journey,
        stage_key=stage_key,
        lap=entry.lap,
        entered_at=entry.entered_at,
        left_at=entry.left_at,
        overdue_at=entry.overdue_at,
        interaction_id=entry.interaction_id,
        origin=entry.origin,
    )


def _write_entries(new: list[StageEntry], changed: dict[int, StageEntry]) -> None:
    StageEntry.objects.bulk_create(new)
    if not changed:
        return
    rows = [
        {
            "id": row.pk,
            "lap": row.lap,
            "entered_at": row.entered_at,
            "left_at": row.left_at,
            "overdue_at": row.overdue_at,
            "interaction_id": row.interaction_id,
            "withdrawn_at": row.withdrawn_at,
        }
        for row in changed.values()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE journeys_stageentry e SET lap = r.lap, entered_at = r.entered_at, left_at = r.left_at,"
            " overdue_at = r.overdue_at, interaction_id = r.interaction_id, withdrawn_at = r.withdrawn_at"
            " FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, lap int, entered_at timestamptz,"
            " left_at timestamptz, overdue_at timestamptz, interaction_id bigint, withdrawn_at timestamptz)"
            " WHERE e.id = r.id",
            [orjson.dumps(rows).decode()],
        )


def _write_steps_and_moves(folds: Sequence[Folded], journey: Journey, journey_map: Map) -> None:
    again: dict[datetime | None, list[int]] = defaultdict(list)
    for folded in folds:
        if folded.is_refold and not folded.is_new:
            again[folded.cut_at].append(folded.customer_id)
    for cut_at, customer_ids in again.items():
        since = {} if cut_at is None else {"at__gte": cut_at}
        StepVisit.objects.filter(journey=journey, customer_id__in=customer_ids, **since).delete()
        StageMove.objects.filter(journey=journey, customer_id__in=customer_ids, **since).delete()
    stages = journey_map.stages
    visits = (
        (f.customer_id, journey.pk, v.interaction_id, v.step.key, stages[v.step.stage_index].key, v.lap, v.at,
         v.is_backward, v.is_repeated)
        for f in folds
        for v in f.fold.visits
    )  # fmt: skip
    moves = (
        (f.customer_id, journey.pk, m.kind.value, None if m.from_stage is None else stages[m.from_stage].key,
         stages[m.to_stage].key, m.lap, m.at)
        for f in folds
        for m in f.fold.moves
    )  # fmt: skip
    _copy(
        "journeys_stepvisit (customer_id, journey_id, interaction_id, step_key, stage_key, lap, at, is_backward,"
        " is_repeated)",
        visits,
    )
    _copy("journeys_stagemove (customer_id, journey_id, kind, from_stage_key, to_stage_key, lap, at)", moves)


def _copy(target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _write_progress(folds: Sequence[Folded], journey: Journey, journey_map: Map) -> None:
    rows = []
    for folded in folds:
        state = folded.fold.state
        stage = None if state.stage is None else journey_map.stages[state.stage]
        step = None if state.last_step is None else journey_map.steps[state.last_step]
        rows.append(
            {
                "customer_id": folded.customer_id,
                "lap": state.lap,
                "stage_key": stage.key if stage else None,
                "step_key": step.key if step else None,
                "entered_at": state.entered_at,
                "is_overdue": state.is_overdue,
                "look_again_at": folded.fold.look_again_at,
                "state": state.dump(),
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journeys_progress (customer_id, journey_id, version_id, lap, stage_key, step_key, entered_at,"
            " is_overdue, look_again_at, state)"
            " SELECT customer_id, %s, %s, lap, stage_key, step_key, entered_at, is_overdue, look_again_at, state"
            " FROM jsonb_to_recordset(%s::jsonb) AS r(customer_id bigint, lap int, stage_key uuid, step_key uuid,"
            " entered_at timestamptz, is_overdue boolean, look_again_at timestamptz, state jsonb)"
            " ON CONFLICT (customer_id, journey_id) DO UPDATE SET version_id = excluded.version_id,"
            " lap = excluded.lap, stage_key = excluded.stage_key, step_key = excluded.step_key,"
            " entered_at = excluded.entered_at, is_overdue = excluded.is_overdue,"
            " look_again_at = excluded.look_again_at, state = excluded.state",
            [journey.pk, journey.current_version_id, orjson.dumps(rows).decode()],
        )


@transaction.atomic
def queue_due(*, now: datetime, limit: int) -> int:
    due = (
        Progress.objects.to_look_at(now)
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("look_again_at", "pk")
        .values_list("pk", "customer_id")[:limit]
    )
    rows = list(due)
    Progress.objects.filter(pk__in=[pk for pk, _ in rows]).update(look_again_at=None)
    changes.record_changes(customer_ids={customer_id for _, customer_id in rows}, origin=Origin.LIVE)
    return len(rows)
