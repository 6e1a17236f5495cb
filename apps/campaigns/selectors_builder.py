"""The flow of a campaign's draft as the builder shows it, with how many are where."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from apps.campaigns import selectors, sentences, wire
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import CampaignState, StepKind
from apps.campaigns.models import Campaign, CampaignStep, Message, StepRun
from apps.core import rules
from apps.journeys.models import Journey


@dataclass(frozen=True)
class FlowStep:
    key: str
    kind: StepKind
    text: str
    at: int
    parent: str
    way: int
    is_first: bool
    is_last: bool
    passed: int  # how many went through it, over all versions
    waiting: int  # how many stand at it now
    sent: int
    held: int
    failed: int
    ways: "list[FlowWay]" = field(default_factory=list)


@dataclass(frozen=True)
class FlowWay:
    name: str
    text: str
    parent: str
    way: int
    taken: int
    steps: list[FlowStep]

    @property
    def end(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class Flow:
    trigger: str
    audience: str
    exit_rule: str
    goal: str
    steps: list[FlowStep]
    problem: str

    @property
    def end(self) -> int:
        return len(self.steps)


@dataclass
class _Counts:
    passed: Counter[tuple[str, int | None]]
    waiting: dict[Any, int]
    messages: dict[Any, dict[str, int]]


def flow(campaign: Campaign) -> Flow:
    draft = campaign.draft
    counts = _counts(campaign)
    goal = draft.get("goal") or {}
    return Flow(
        trigger=_trigger(draft.get("trigger", {})),
        audience=_rule(draft.get("audience")),
        exit_rule=_rule(draft.get("exit")) if draft.get("exit") else "",
        goal=_rule(goal.get("rule")) if goal.get("rule") else "",
        steps=_steps(draft.get("steps", []), wire.ROOT, 0, counts),
        problem=problem(draft),
    )


def problem(draft: dict[str, Any]) -> str:
    """What keeps the draft from running, if anything."""
    try:
        wire.read(draft)
    except CampaignError as error:
        return str(error)
    return ""


def _trigger(data: dict[str, Any]) -> str:
    try:
        return sentences.trigger(data["on"], {key: value for key, value in data.items() if key != "on"})
    except (KeyError, ValueError, TypeError, AttributeError):  # not filled in yet
        return ""


def _rule(rule: Any) -> str:
    try:
        return rules.sentence(rule or {})
    except (KeyError, TypeError, ValueError):  # what it asks for is gone
        return "?"


def _counts(campaign: Campaign) -> _Counts:
    if campaign.version_id is None:
        return _Counts(Counter(), {}, {})
    runs = StepRun.objects.filter(campaign=campaign).order_by().values_list("step_key", "way").annotate(n=Count("pk"))
    passed: Counter[tuple[str, int | None]] = Counter()
    for key, way, n in runs:
        passed[str(key), None] += n
        if way is not None:
            passed[str(key), way] += n
    messages = selectors.counts(Message.objects.filter(enrolment__campaign=campaign), "step__key", "state")
    return _Counts(passed, selectors.standing(campaign), {str(key): found for key, found in messages.items()})


def _steps(raws: list[dict[str, Any]], parent: str, way: int, counts: _Counts) -> list[FlowStep]:
    return [_step(raw, at, parent, way, counts, is_last=at + 1 == len(raws)) for at, raw in enumerate(raws)]


def _step(
    raw: dict[str, Any], at: int, parent: str, way: int, counts: _Counts, *, is_last: bool
) -> FlowStep:  # fmt: skip
    kind = StepKind(wire.kind_of(raw))
    key = str(raw.get("key", ""))
    found = counts.messages.get(key, {})
    return FlowStep(
        key=key,
        kind=kind,
        text=_text(kind, raw[kind.value]),
        at=at,
        parent=parent,
        way=way,
        is_first=at == 0,
        is_last=is_last,
        passed=counts.passed[key, None],
        waiting=counts.waiting.get(key, 0),
        sent=found.get("sent", 0),
        held=found.get("held", 0) + found.get("queued", 0),
        failed=found.get("failed", 0),
        ways=[
            FlowWay(name, _way_text(kind, raw[kind.value], number), key, number, counts.passed[key, number],
                    _steps(steps, key, number, counts))
            for number, (name, steps) in enumerate(_lists(raw))
        ],
    )  # fmt: skip


def _lists(raw: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """A wait has one list and two ways: what happened goes straight on."""
    lists = wire.lists_of(raw)
    return lists if wire.kind_of(raw) != "wait" else lists[:1]


def _text(kind: StepKind, settings: dict[str, Any]) -> str:
    try:
        return sentences.step(kind.value, settings, settings.get("ways", []))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _way_text(kind: StepKind, settings: dict[str, Any], number: int) -> str:
    ways = settings.get("ways", [])
    if kind is StepKind.SPLIT:
        return f"{ways[number].get('percent', 0):g} %"
    if kind is StepKind.BRANCH and number < len(ways):
        return _rule(ways[number].get("rule"))
    return ""


@dataclass(frozen=True)
class Standing:
    """Runs on the way at a step, for who publishes a new version."""

    key: str
    text: str
    count: int
    may_move: bool  # the draft still has the step


def standing(campaign: Campaign) -> list[Standing]:
    waiting = selectors.standing(campaign)
    if not waiting:
        return []
    there = {str(raw.get("key")) for raw in wire.walk(campaign.draft.get("steps", []))}
    steps = CampaignStep.objects.filter(version__campaign=campaign, key__in=[key for key in waiting if key])
    newest = {str(step.key): step for step in steps.order_by("version__number")}
    return [
        Standing(key, f"{step.get_kind_display()}: {_text(StepKind(step.kind), step.settings)}", waiting[key],
                 key in there)
        for key, step in sorted(newest.items(), key=lambda item: item[1].position)
    ]  # fmt: skip


@dataclass(frozen=True)
class StageOfMap:
    """A stage of a published map with the campaigns that follow it."""

    key: str
    name: str
    campaigns: list[Campaign]


def campaigns_of_map(journey: Journey) -> list[StageOfMap]:
    version = journey.current_version
    if version is None:
        return []
    found: dict[str, list[Campaign]] = {}
    live = Campaign.objects.filter(journey=journey).exclude(state=CampaignState.ARCHIVED)
    for campaign in live.order_by("name"):
        found.setdefault(str(campaign.stage_key), []).append(campaign)
    return [StageOfMap(s["key"], s["name"], found.get(s["key"], [])) for s in version.snapshot["stages"]]
