"""The fold: the history of one customer on one journey as a function of the map, the interactions in
(occurred_at, id) order and the time folded to. Pure, and one readable module on purpose: architecture.md §3 is the
specification, each of its sentences has a test in tests/journeys/test_fold.py."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core.enums import Origin
from apps.journeys.enums import MoveKind
from apps.journeys.maps import Map, MapStep, Seen
from apps.touchpoints.enums import By, Event


@dataclass(slots=True)
class State:
    """All that going on from here needs; an event costs the same after 20 interactions or 20,000."""

    lap: int = 0
    stage: int | None = None
    entered_at: datetime | None = None
    is_overdue: bool = False
    is_held: bool = False  # by a staff decision, until a step moves on
    last_step: int | None = None
    last_visit_at: datetime | None = None
    visited: list[int] = field(default_factory=list)  # step indexes of this lap
    counts: dict[str, int] = field(default_factory=dict)  # fitting interactions of match entries with nth > 1
    silent_at: datetime | None = None  # when silence falls, unless there is activity before
    last_at: datetime | None = None
    last_id: int = 0
    timer_at: datetime | None = None  # the last thing that time alone did

    def is_late(self, seen: Seen) -> bool:
        """Whether this interaction belongs before something folded already."""
        if self.timer_at is not None and seen.at <= self.timer_at:
            return True
        return self.last_at is not None and (seen.at, seen.id) < (self.last_at, self.last_id)

    def dump(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name in self.__slots__
            if (value := getattr(self, name)) is not None and value is not False and value not in ([], {})
        }

    @classmethod
    def load(cls, stored: dict[str, Any]) -> "State":
        times = {"entered_at", "last_visit_at", "silent_at", "last_at", "timer_at"}
        values: dict[str, Any] = {k: datetime.fromisoformat(v) if k in times else v for k, v in stored.items()}
        return cls(**values)


@dataclass(slots=True)
class Visit:
    step: MapStep
    lap: int
    at: datetime
    interaction_id: int
    is_backward: bool
    is_repeated: bool


@dataclass(slots=True)
class Entry:
    stage: int
    lap: int
    entered_at: datetime
    origin: str
    interaction_id: int | None = None
    left_at: datetime | None = None
    overdue_at: datetime | None = None
    overdue_origin: str = ""
    is_stored: bool = False  # the open entry from which an extension went on


@dataclass(slots=True)
class Move:
    kind: MoveKind
    from_stage: int | None
    to_stage: int
    lap: int
    at: datetime


class Fold:
    """Feed interactions in order with `take`, then `finish`; read state, visits, entries and moves."""

    def __init__(self, journey_map: Map, state: State | None = None, *, journey_id: int) -> None:
        self.map = journey_map
        self.journey_id = journey_id
        self.state = state or State()
        self.visits: list[Visit] = []
        self.entries: list[Entry] = []
        self.moves: list[Move] = []
        s = self.state
        if s.stage is not None and s.entered_at is not None:
            self.entries.append(Entry(s.stage, s.lap, s.entered_at, Origin.LIVE, is_stored=True))

    def take_all(self, interactions: Iterable[Seen]) -> None:
        for seen in interactions:
            self.take(seen)

    def take(self, seen: Seen) -> None:
        self._pass_time(seen.at, origin=seen.origin)
        if seen.event == Event.STAGE_SET:
            self._decide(seen)
        else:
            step = self._reached(seen)
            if step is not None:
                self._visit(step, seen)
        s = self.state
        if seen.by == By.CUSTOMER and self.map.lapse_after is not None:
            s.silent_at = seen.at + self.map.lapse_after
        s.last_at, s.last_id = seen.at, seen.id

    def finish(self, *, now: datetime, origin: str) -> None:
        """Lets time pass up to now."""
        self._pass_time(now, origin=origin)

    def finish_before(self, cut: datetime, *, origin: str) -> None:
        """Lets time pass up to, and without, this moment."""
        self._pass_time(cut - datetime.resolution, origin=origin)
        overdue_at = self._overdue_at()
        if overdue_at is not None and overdue_at < cut:
            self._become_overdue(overdue_at, origin=origin)

    @property
    def look_again_at(self) -> datetime | None:
        """When time alone will change something."""
        if self.state.stage is None:
            return None
        silent_at = self.state.silent_at if self.state.stage != self.map.lapsed_index else None
        return min((at for at in (silent_at, self._overdue_at()) if at is not None), default=None)

    def _pass_time(self, until: datetime, *, origin: str) -> None:
        s = self.state
        overdue_at = self._overdue_at()
        if s.silent_at is not None and s.silent_at <= until:
            if overdue_at is not None and overdue_at < s.silent_at:
                self._become_overdue(overdue_at, origin=origin)
            self._fall_silent(s.silent_at, origin=origin)
            overdue_at = self._overdue_at()
        if overdue_at is not None and overdue_at < until:
            self._become_overdue(overdue_at, origin=origin)

    def _overdue_at(self) -> datetime | None:
        s = self.state
        if s.stage is None or s.entered_at is None or s.is_overdue:
            return None
        expected = self.map.stages[s.stage].expected
        return s.entered_at + expected if expected is not None else None

    def _become_overdue(self, at: datetime, *, origin: str) -> None:
        s = self.state
        assert s.stage is not None  # noqa: S101 - _overdue_at says so
        s.is_overdue, s.timer_at = True, at
        self.entries[-1].overdue_at, self.entries[-1].overdue_origin = at, origin
        self.moves.append(Move(MoveKind.OVERDUE, s.stage, s.stage, s.lap, at))

    def _fall_silent(self, at: datetime, *, origin: str) -> None:
        s = self.state
        s.silent_at = None
        lapsed = self.map.lapsed_index
        if s.stage is None or lapsed is None or s.stage == lapsed:
            return
        s.timer_at = at
        self._enter(lapsed, MoveKind.SILENCE, at=at, origin=origin)

    def _reached(self, seen: Seen) -> MapStep | None:
        """The step latest in the map of those that the interaction reaches. Counts even where another wins."""
        found: MapStep | None = None
        for step, match in self.map.candidates(seen.event):
            if not match.fits(seen):
                continue
            if match.nth > 1:
                count = self.state.counts.get(match.id, 0) + 1
                self.state.counts[match.id] = count
                if count < match.nth:
                    continue
            if found is None or step.index > found.index:
                found = step
        return found

    def _visit(self, step: MapStep, seen: Seen) -> None:
        s = self.state
        target = step.stage_index
        kind = self._kind_of_move(target, seen.at)
        is_backward = s.stage is not None and target < s.stage and kind is not MoveKind.LAP
        if kind is MoveKind.LAP or kind is MoveKind.START:
            s.lap += 1
            s.visited, s.last_step = [], None
        if kind is not None:
            self._enter(target, kind, at=seen.at, origin=seen.origin, interaction_id=seen.id)
        is_repeated = step.index in s.visited and s.last_step != step.index
        self.visits.append(Visit(step, s.lap, seen.at, seen.id, is_backward, is_repeated))
        if step.index not in s.visited:
            s.visited.append(step.index)
        s.last_step, s.last_visit_at = step.index, seen.at

    def _kind_of_move(self, target: int, at: datetime) -> MoveKind | None:
        s = self.state
        if s.stage is None:
            return MoveKind.START
        if target == s.stage:
            return None
        if s.stage == self.map.lapsed_index or self._starts_lap(target, at):
            return MoveKind.LAP
        if target > s.stage:
            return MoveKind.FORWARD
        return MoveKind.BACK if self.map.stages[target].allows_back and not s.is_held else None

    def _starts_lap(self, target: int, at: datetime) -> bool:
        s, after = self.state, self.map.new_lap_after
        if after is None or s.stage is None or target >= s.stage or s.last_visit_at is None:
            return False
        return at - s.last_visit_at >= after

    def _decide(self, seen: Seen) -> None:
        """A member of staff says in which stage the customer is."""
        if seen.properties.get("journey") != self.journey_id:
            return
        target = self.map.stage_index(str(seen.properties.get("stage")))
        s = self.state
        if target is None:
            return
        if s.stage is None:
            s.lap += 1
        if target != s.stage:
            self._enter(target, MoveKind.STAFF, at=seen.at, origin=seen.origin, interaction_id=seen.id)
        s.is_held = True

    def _enter(
        self, target: int, kind: MoveKind, *, at: datetime, origin: str, interaction_id: int | None = None
    ) -> None:
        s = self.state
        if s.stage is not None:
            self.entries[-1].left_at = at
        self.moves.append(Move(kind, s.stage, target, s.lap, at))
        self.entries.append(Entry(target, s.lap, at, origin, interaction_id))
        s.stage, s.entered_at, s.is_overdue, s.is_held = target, at, False, False
