"""A campaign played through for one person, over what is known of them: what would have been sent and when. Pure: it
reads nothing and writes nothing. It follows the engine: enrolling.py, stepping.py, and the gate itself."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from apps.campaigns import gate, program, timing
from apps.campaigns.causes import Cause
from apps.campaigns.enums import CampaignState, EnrolmentState, Reentry, StepKind
from apps.campaigns.program import HAPPENED, TIMED_OUT, Placed
from apps.campaigns.simulating_people import Person, fits, moments
from apps.campaigns.wire import CampaignText
from apps.core.models import CompanySettings

_MOST_ASKS = 5000  # of one message: an open case is asked for every hour


class Order(IntEnum):
    """Of what comes at the same moment: the pipeline, then the runs, then what they queued."""

    CAUSE = 0
    LOOK = 1
    RUN = 2
    ASK = 3


@dataclass(frozen=True)
class Plan:
    """What is played through, until when."""

    text: CampaignText
    steps: Mapping[int, Placed]
    company: CompanySettings
    until: datetime

    @classmethod
    def of(cls, text: CampaignText, *, company: CompanySettings, until: datetime) -> "Plan":
        return cls(text, {placed.position: placed for placed in program.lay_out(text.steps)}, company, until)

    @property
    def rules_in_time(self) -> list[dict[str, Any]]:
        """Those that are looked at when something happens."""
        waits = [placed.text.settings["for"] for placed in self.steps.values() if "for" in placed.text.settings]
        return [rule for rule in (self.text.exit_rule, *waits) if rule]


@dataclass(frozen=True)
class Row:
    """What became of a step for a person. `outcome`: sent, skipped, held (still, at the end), done (a step that sends
    nothing to people)."""

    customer_id: int
    position: int
    at: datetime
    outcome: str
    reason: str = ""
    gate: str = ""


@dataclass
class Run:
    key: str
    created_at: datetime
    cause_at: datetime
    state: str = EnrolmentState.ACTIVE
    exit_reason: str = ""
    position: int | None = 0
    waits_since: datetime | None = None
    is_waiting_for: bool = False
    turn: int = 0  # what was planned for an earlier turn is void

    @property
    def is_active(self) -> bool:
        return self.state == EnrolmentState.ACTIVE


@dataclass
class _Queued:
    run: Run
    placed: Placed
    asks: int = 0
    first: str = ""  # why it was held first


@dataclass
class Story:
    """What happened to one person."""

    rows: list[Row] = field(default_factory=list)
    enrolled: int = 0
    held_out: int = 0
    exited: int = 0
    on_the_way: int = 0
    not_enrolled: list[str] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)  # positions
    ways: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """A cause, when we learned of it and whether it is live."""

    cause: Cause
    at: datetime
    fires: bool


def play(plan: Plan, person: Person, causes: Sequence[Known]) -> Story:
    return _Play(plan, person).through(causes)


class _Play:
    def __init__(self, plan: Plan, person: Person) -> None:
        self.plan, self.person = plan, person
        self.story = Story()
        self.runs: list[Run] = []
        self._events: list[tuple[datetime, int, int, Callable[[datetime], None]]] = []

    def through(self, causes: Sequence[Known]) -> Story:
        for known in causes:
            self._plan(known.at, Order.CAUSE, lambda now, known=known: self._come_in(known, now))  # type: ignore[misc]
        for at in moments(self.plan.rules_in_time, self.person):
            self._plan(at, Order.LOOK, self._look)
        while self._events:
            now, _order, _number, act = heapq.heappop(self._events)
            act(now)
        self.story.on_the_way = sum(run.is_active for run in self.runs)
        return self.story

    def _plan(self, at: datetime, order: Order, act: Callable[[datetime], None]) -> None:
        if at <= self.plan.until:
            self._number = getattr(self, "_number", 0) + 1
            heapq.heappush(self._events, (at, order, self._number, act))

    # --- Coming in

    def _come_in(self, known: Known, now: datetime) -> None:
        refused = self._refuses(known, now)
        if refused:
            self.story.not_enrolled.append(refused)
            return
        run = Run(self._key(known.cause), now, known.cause.at)
        self.runs.append(run)
        if self.person.is_held_out:
            run.state = EnrolmentState.FINISHED
            self.story.held_out += 1
            return
        self.story.enrolled += 1
        self._exit(run, now)
        self._go(run, now)

    def _refuses(self, known: Known, now: datetime) -> str:
        text = self.plan.text
        if not known.fires:
            return "not live"
        if now - known.cause.at > timedelta(hours=text.max_lateness_hours):
            return "too late"
        if not self.person.fits_audience:
            return "not in the audience"
        if any(run.key == self._key(known.cause) for run in self.runs):
            return "re-entry"
        if text.reentry == Reentry.COOL_DOWN:
            since = now - timedelta(days=text.cool_down_days or 0)
            return "re-entry" if any(run.created_at > since for run in self.runs) else ""
        is_again = text.reentry == Reentry.AFTER_EXIT and any(run.is_active for run in self.runs)
        return "re-entry" if is_again else ""

    def _key(self, cause: Cause) -> str:
        is_once = self.plan.text.reentry == Reentry.ONCE and not cause.key.startswith("key:")
        return "" if is_once else cause.key

    # --- Exits, and what is waited for

    def _look(self, now: datetime) -> None:
        for run in self.runs:
            self._exit(run, now)
            if run.is_active and run.is_waiting_for and self._happened(run, now):
                self._leave_wait(run, HAPPENED)
                self._go(run, now)

    def _exit(self, run: Run, now: datetime) -> None:
        rule = self.plan.text.exit_rule
        if run.is_active and rule and fits(rule, self.person, at=now, after=run.cause_at):
            self._end(run, EnrolmentState.EXITED, "exit rule")

    def _happened(self, run: Run, now: datetime) -> bool:
        placed = self.plan.steps[run.position or 0]
        return fits(placed.text.settings["for"], self.person, at=now, after=run.cause_at)

    def _end(self, run: Run, state: str, reason: str = "") -> None:
        run.state, run.exit_reason, run.is_waiting_for = state, reason, False
        run.turn += 1
        self.story.exited += state == EnrolmentState.EXITED

    # --- Steps

    def _go(self, run: Run, at: datetime) -> None:
        """The run is due then; whatever it was due for before is void."""
        run.turn += 1
        turn = run.turn
        self._plan(at, Order.RUN, lambda now: self._walk(run, now) if run.is_active and run.turn == turn else None)

    def _walk(self, run: Run, now: datetime) -> None:
        """As far as the next wait."""
        if run.waits_since is not None:
            self._leave_wait(run, TIMED_OUT)
        while run.is_active:
            placed = None if run.position is None else self.plan.steps.get(run.position)
            if placed is None:
                self._end(run, EnrolmentState.FINISHED)
            elif self._does(run, placed, now):
                return

    def _leave_wait(self, run: Run, way: int) -> None:
        placed = self.plan.steps[run.position or 0]
        run.waits_since, run.is_waiting_for = None, False
        if placed.ways:
            self._take(run, placed, way)
        else:
            run.position = placed.next

    def _does(self, run: Run, placed: Placed, now: datetime) -> bool:
        """Whether the run waits now."""
        self.story.passed.append(placed.position)
        kind = placed.text.kind
        if kind is StepKind.WAIT:
            return self._wait(run, placed, now)
        if kind in {StepKind.BRANCH, StepKind.SPLIT}:
            self._take(run, placed, self._way(placed, now))
            return False
        if kind.sends or kind is StepKind.WEBHOOK:
            self._ask_at(_Queued(run, placed), now)
        elif kind is StepKind.EXIT:
            self._end(run, EnrolmentState.EXITED, placed.text.settings.get("reason", "exit step"))
        else:
            self.story.rows.append(Row(self.person.id, placed.position, now, "done"))
        run.position = placed.next
        return False

    def _wait(self, run: Run, placed: Placed, now: datetime) -> bool:
        settings, person = placed.text.settings, self.person
        if "for" in settings and self._happened(run, now):
            self._take(run, placed, HAPPENED)
            return False
        ends = timing.due_at(settings, arrival=now, zone=person.zone, traits=person.traits)
        run.waits_since, run.is_waiting_for = now, "for" in settings
        if ends <= now:
            self._leave_wait(run, TIMED_OUT)
            return False
        self._go(run, ends)
        return True

    def _way(self, placed: Placed, now: datetime) -> int:
        if placed.text.kind is StepKind.SPLIT:
            return program.way_of_split(placed.text.key, placed.ways, self.person.id)
        fitting = (
            number
            for number, way in enumerate(placed.ways)
            if "rule" not in way or fits(way["rule"], self.person, at=now, after=None)
        )
        return next(fitting)

    def _take(self, run: Run, placed: Placed, way: int) -> None:
        self.story.ways.append((placed.position, way))
        run.position = placed.ways[way]["to"]

    # --- The gate

    def _ask_at(self, queued: _Queued, at: datetime) -> None:
        self._plan(at, Order.ASK, lambda now: self._ask(queued, now))

    def _ask(self, queued: _Queued, now: datetime) -> None:
        queued.asks += 1
        run, placed = queued.run, queued.placed
        facts = self.person.facts(
            placed.text, now=now, company=self.plan.company,
            campaign_state=CampaignState.ACTIVE, run_state=run.state, exit_reason=run.exit_reason,
            rechecks=self.plan.text.rechecks_audience and bool(self.plan.text.audience),
        )  # fmt: skip
        check = next(
            (one for one in gate.examine(facts, company=self.plan.company, now=now) if not one.verdict.passes), None
        )
        if check is None:
            self._record(placed, now, "sent", queued.first)
            self.person.was_sent(placed.text, at=now)
        elif check.verdict.is_final:
            self._record(placed, now, "skipped", check.verdict.reason, check.name)
        else:
            queued.first = queued.first or check.verdict.reason
            until = check.verdict.until
            if until is None or until > self.plan.until or queued.asks >= _MOST_ASKS:
                self._record(placed, now, "held", check.verdict.reason, check.name)
            else:
                self._ask_at(queued, until)

    def _record(self, placed: Placed, at: datetime, outcome: str, reason: str, gate_name: str = "") -> None:
        self.story.rows.append(Row(self.person.id, placed.position, at, outcome, reason, gate_name))
