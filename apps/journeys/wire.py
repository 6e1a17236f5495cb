"""A journey as text: checks the JSON of interface.md before anything is written. Errors name what is wrong."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.core.comparison import RuleError
from apps.journeys import wire_cards
from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.wire_cards import CardText
from apps.journeys.wire_values import (
    MapError,
    day,
    flag,
    listed,
    number,
    one_of,
    only,
    optional_text,
    positive_days,
    text,
    unique,
    whole,
)
from apps.touchpoints import conditions

__all__ = ["CardText", "JourneyText", "LaneText", "MapError", "StageText", "StepText", "check_match", "read"]


SCOPE = {"goal": 500, "beginning": 500, "middle": 500, "end": 500, "expectations": 1000}  # texts, with their lengths
_JOURNEY_KEYS = {
    *SCOPE,
    "name",
    "persona",
    "expected_days",
    "owner",
    "review_on",
    "segment",
    "lapse_after_days",
    "new_lap_after_days",
    "stages",
    "lanes",
    "cards",
}
_STAGE_KEYS = {"name", "was", "key", "kind", "expected_days", "back", "department", "steps"}
_STEP_KEYS = {
    "name", "was", "key", "emotion", "feeling", "optional", "alternative_to", "match", "moment_of_truth",
    "takes_minutes",
}  # fmt: skip
_LANE_KEYS = {"kind", "name", "persona"}
_MATCH_KEYS = {"event", "by", "channel", "touchpoint", "where", "nth"}
LAPSED_NAME = "Lapsed"


@dataclass
class StepText:
    name: str
    was: str | None
    emotion: float | None
    feeling: str
    is_optional: bool
    alternative_to: str | None
    match: list[dict[str, Any]]
    is_moment_of_truth: bool = False
    takes_minutes: int | None = None


@dataclass
class StageText:
    name: str
    was: str | None
    kind: str
    expected_days: float | None
    allows_back: bool
    steps: list[StepText]
    department: str | None = None


@dataclass
class LaneText:
    kind: str
    name: str
    persona: str | None = None


@dataclass
class JourneyText:
    name: str
    persona: str | None
    scope: dict[str, str]  # by the names of SCOPE
    lapse_after_days: int | None
    new_lap_after_days: int | None
    stages: list[StageText]
    expected_days: float | None = None
    owner: str | None = None  # e-mail
    review_on: date | None = None
    segment: str | None = None
    lanes: list[LaneText] = field(default_factory=list)
    cards: list[CardText] = field(default_factory=list)


def read(data: Any) -> JourneyText:
    only(data, _JOURNEY_KEYS, "The journey")
    name = text(data.get("name"), "The journey's name", 200)
    stages = [_stage(one, f"Stage {n}") for n, one in enumerate(listed(data, "stages", "The journey"), 1)]
    if not stages:
        raise MapError("A journey needs at least one stage.")
    _check_size(stages, data)
    unique((stage.name for stage in stages), "stage")
    unique((step.name for stage in stages for step in stage.steps), "step")
    journey = JourneyText(
        name=name,
        persona=text(data["persona"], "The persona", 100) if data.get("persona") else None,
        scope={name: optional_text(data, name, "The journey", length) for name, length in SCOPE.items()},
        expected_days=positive_days(data, "expected_days", "The journey"),
        owner=optional_text(data, "owner", "The journey", 254) or None,
        review_on=day(data, "review_on", "The journey"),
        segment=optional_text(data, "segment", "The journey", 100) or None,
        lapse_after_days=whole(data, "lapse_after_days", "The journey", 1, 36500),
        new_lap_after_days=whole(data, "new_lap_after_days", "The journey", 1, 36500),
        stages=stages,
        lanes=[_lane(one) for one in listed(data, "lanes", "The journey")],
    )
    unique((lane.name for lane in journey.lanes), "lane")
    _check_lapsed(journey)
    _check_alternatives(journey)
    steps = {step.name for stage in stages for step in stage.steps}
    lanes = {lane.name: lane.kind for lane in journey.lanes}
    journey.cards = [wire_cards.read(one, steps=steps, lanes=lanes) for one in listed(data, "cards", "The journey")]
    return journey


def _stage(data: Any, where: str) -> StageText:
    only(data, _STAGE_KEYS, where)
    name = text(data.get("name"), f"{where}: name", 100)
    kind = one_of(data, "kind", StageKind.values, f'{where} "{name}"')
    if not kind:
        raise MapError(f'{where} "{name}": needs a kind. Use one of: {", ".join(StageKind.values)}.')
    expected = positive_days(data, "expected_days", f'{where} "{name}"')
    steps = [_step(one, f'Stage "{name}", step {n}') for n, one in enumerate(listed(data, "steps", where), 1)]
    return StageText(
        name=name,
        was=optional_text(data, "was", where, 150) or None,
        kind=kind,
        expected_days=expected,
        allows_back=flag(data, "back", where),
        steps=steps,
        department=optional_text(data, "department", where, 100) or None,
    )


def _step(data: Any, where: str) -> StepText:
    only(data, _STEP_KEYS, where)
    name = text(data.get("name"), f"{where}: name", 150)
    return StepText(
        name=name,
        was=optional_text(data, "was", where, 150) or None,
        emotion=number(data, "emotion", where, -2, 2),
        feeling=optional_text(data, "feeling", where, 50),
        is_optional=flag(data, "optional", where),
        alternative_to=optional_text(data, "alternative_to", where, 150) or None,
        match=[check_match(one, f"{where}, match {n}") for n, one in enumerate(listed(data, "match", where), 1)],
        is_moment_of_truth=flag(data, "moment_of_truth", where),
        takes_minutes=whole(data, "takes_minutes", where, 1, 5_000_000),
    )


def check_match(entry: Any, where: str) -> dict[str, Any]:
    """A step's rule uses only the interaction's own fields, so that the fold stays a function of interactions."""
    only(entry, _MATCH_KEYS, where)
    if not set(entry) & {"event", "channel", "touchpoint", "where"}:
        raise MapError(f"{where}: say which interactions fit, by event, channel, touchpoint or where.")
    nth = entry.get("nth", 1)
    if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
        raise MapError(f"{where}: nth must be a whole number from 1.")
    try:
        conditions.check(entry, where=where)
    except RuleError as error:
        raise MapError(str(error)) from error
    return dict(entry)


def _lane(data: Any) -> LaneText:
    only(data, _LANE_KEYS, "A lane")
    name = text(data.get("name"), "A lane: name", 100)
    if not one_of(data, "kind", LaneKind.values, f"Lane {name!r}"):
        raise MapError(f'Lane "{name}": unknown kind {data.get("kind")!r}. Use one of: {", ".join(LaneKind.values)}.')
    persona = optional_text(data, "persona", f'Lane "{name}"', 100) or None
    if persona and data["kind"] != LaneKind.EMOTION:
        raise MapError(f'Lane "{name}": only a lane of kind emotion has a persona.')
    return LaneText(data["kind"], name, persona)


_MOST = {"stages": 60, "steps": 400, "lanes": 60, "cards": 6000}


def _check_size(stages: list[StageText], data: dict[str, Any]) -> None:
    """More is no map that anybody reads, and work that nobody waits for."""
    found = {"stages": len(stages), "steps": sum(len(stage.steps) for stage in stages)}
    found |= {name: len(listed(data, name, "The journey")) for name in ("lanes", "cards")}
    for name, number_of in found.items():
        if number_of > _MOST[name]:
            raise MapError(f"A map may have at most {_MOST[name]} {name}; this one has {number_of}.")


def _check_lapsed(journey: JourneyText) -> None:
    """The stage that silence leads to is added where there is none."""
    lapsed = [stage for stage in journey.stages if stage.kind == StageKind.LAPSED]
    if len(lapsed) > 1:
        raise MapError("Only one stage may be of kind lapsed.")
    if journey.lapse_after_days and not lapsed:
        if any(stage.name == LAPSED_NAME for stage in journey.stages):
            raise MapError('The stage "Lapsed" must be of kind lapsed.')
        journey.stages.append(StageText(LAPSED_NAME, None, StageKind.LAPSED.value, None, allows_back=False, steps=[]))


def _check_alternatives(journey: JourneyText) -> None:
    names = {step.name for stage in journey.stages for step in stage.steps}
    for stage in journey.stages:
        for step in stage.steps:
            if step.alternative_to is not None and step.alternative_to not in names - {step.name}:
                raise MapError(f'Step "{step.name}": alternative_to names no other step: {step.alternative_to!r}.')
