"""A journey as text: checks the JSON of interface.md before anything is written. Errors name what is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from apps.core.comparison import RuleError, check_comparison
from apps.journeys.enums import LaneKind, StageKind
from apps.touchpoints.enums import By, Channel


class MapError(ValueError):
    """The text is no valid map; says where and how to mend it."""


_JOURNEY_KEYS = {
    "name",
    "persona",
    "goal",
    "lapse_after_days",
    "new_lap_after_days",
    "stages",
    "lanes",
    "cards",
}
_STAGE_KEYS = {"name", "was", "key", "kind", "expected_days", "back", "steps"}
_STEP_KEYS = {"name", "was", "key", "emotion", "feeling", "optional", "alternative_to", "match"}
_MATCH_KEYS = {"event", "by", "channel", "touchpoint", "where", "nth"}
_CARD_KEYS = {"step", "lane", "text", "severity"}
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


@dataclass
class StageText:
    name: str
    was: str | None
    kind: str
    expected_days: float | None
    allows_back: bool
    steps: list[StepText]


@dataclass
class CardText:
    step: str
    lane: str
    text: str
    severity: int | None


@dataclass
class JourneyText:
    name: str
    persona: str | None
    goal: str
    lapse_after_days: int | None
    new_lap_after_days: int | None
    stages: list[StageText]
    lanes: list[tuple[str, str]] = field(default_factory=list)  # kind, name
    cards: list[CardText] = field(default_factory=list)


def read(data: Any) -> JourneyText:
    _only(data, _JOURNEY_KEYS, "The journey")
    name = _text(data.get("name"), "The journey's name", 200)
    stages = [_stage(one, f"Stage {n}") for n, one in enumerate(_list(data, "stages", "The journey"), 1)]
    if not stages:
        raise MapError("A journey needs at least one stage.")
    _unique((stage.name for stage in stages), "stage")
    _unique((step.name for stage in stages for step in stage.steps), "step")
    journey = JourneyText(
        name=name,
        persona=_text(data["persona"], "The persona", 100) if data.get("persona") else None,
        goal=_text(data["goal"], "The goal", 500) if data.get("goal") else "",
        lapse_after_days=_days(data.get("lapse_after_days"), "lapse_after_days"),
        new_lap_after_days=_days(data.get("new_lap_after_days"), "new_lap_after_days"),
        stages=stages,
        lanes=[_lane(one) for one in _list(data, "lanes", "The journey")],
    )
    _unique((lane for _, lane in journey.lanes), "lane")
    _check_lapsed(journey)
    _check_alternatives(journey)
    journey.cards = [_card(one, journey) for one in _list(data, "cards", "The journey")]
    return journey


def _stage(data: Any, where: str) -> StageText:
    _only(data, _STAGE_KEYS, where)
    name = _text(data.get("name"), f"{where}: name", 100)
    kind = data.get("kind")
    if kind not in StageKind.values:
        raise MapError(f'{where} "{name}": unknown kind {kind!r}. Use one of: {", ".join(StageKind.values)}.')
    expected = data.get("expected_days")
    if expected is not None and not (_is_number(expected) and 0 < expected <= 36500):
        raise MapError(f'{where} "{name}": expected_days must be a number of days above 0.')
    steps = [_step(one, f'Stage "{name}", step {n}') for n, one in enumerate(_list(data, "steps", where), 1)]
    return StageText(
        name=name,
        was=data.get("was"),
        kind=kind,
        expected_days=expected,
        allows_back=_flag(data, "back", where),
        steps=steps,
    )


def _step(data: Any, where: str) -> StepText:
    _only(data, _STEP_KEYS, where)
    name = _text(data.get("name"), f"{where}: name", 150)
    emotion = data.get("emotion")
    if emotion is not None and not (_is_number(emotion) and -2 <= emotion <= 2):
        raise MapError(f"{where}: emotion must be a number from -2 to 2.")
    return StepText(
        name=name,
        was=data.get("was"),
        emotion=emotion,
        feeling=_text(data["feeling"], f"{where}: feeling", 50) if data.get("feeling") else "",
        is_optional=_flag(data, "optional", where),
        alternative_to=data.get("alternative_to"),
        match=[check_match(one, f"{where}, match {n}") for n, one in enumerate(_list(data, "match", where), 1)],
    )


def check_match(entry: Any, where: str) -> dict[str, Any]:
    """A step's rule uses only the interaction's own fields, so that the fold stays a function of interactions."""
    _only(entry, _MATCH_KEYS, where)
    if not set(entry) & {"event", "channel", "touchpoint", "where"}:
        raise MapError(f"{where}: say which interactions fit, by event, channel, touchpoint or where.")
    for name in ("event", "touchpoint"):
        if name in entry:
            _text(entry[name], f"{where}: {name}", 200)
    _one_of(entry, "channel", Channel.values, where)
    _one_of(entry, "by", [*By.values, "any"], where)
    nth = entry.get("nth", 1)
    if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
        raise MapError(f"{where}: nth must be a whole number from 1.")
    try:
        for condition in _list(entry, "where", where):
            check_comparison(condition, where=where, prefix="properties.")
    except RuleError as error:
        raise MapError(str(error)) from error
    return dict(entry)


def _lane(data: Any) -> tuple[str, str]:
    _only(data, {"kind", "name"}, "A lane")
    name = _text(data.get("name"), "A lane: name", 100)
    if data.get("kind") not in LaneKind.values:
        raise MapError(f'Lane "{name}": unknown kind {data.get("kind")!r}. Use one of: {", ".join(LaneKind.values)}.')
    return data["kind"], name


def _card(data: Any, journey: JourneyText) -> CardText:
    _only(data, _CARD_KEYS, "A card")
    text = _text(data.get("text"), "A card: text", 1000)
    where = f'Card "{text[:40]}"'
    if data.get("step") not in {step.name for stage in journey.stages for step in stage.steps}:
        raise MapError(f"{where}: there is no step {data.get('step')!r} in this journey.")
    if data.get("lane") not in {name for _, name in journey.lanes}:
        raise MapError(f"{where}: there is no lane {data.get('lane')!r} in this journey.")
    severity = data.get("severity")
    if severity is not None and (not isinstance(severity, int) or not 1 <= severity <= 5):
        raise MapError(f"{where}: severity must be a whole number from 1 to 5.")
    return CardText(data["step"], data["lane"], text, severity)


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
            if step.alternative_to is not None and (
                step.alternative_to not in names or step.alternative_to == step.name
            ):
                raise MapError(f'Step "{step.name}": alternative_to names no other step: {step.alternative_to!r}.')


def _only(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, dict):
        raise MapError(f"{where} must be an object.")
    unknown = sorted(set(data) - keys)
    if unknown:
        raise MapError(f"{where}: unknown name {unknown[0]!r}. Known are: {', '.join(sorted(keys))}.")


def _text(value: Any, where: str, length: int) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise MapError(f"{where} must be a text that is not empty.")
    if len(value) > length:
        raise MapError(f"{where} may have at most {length} characters.")
    return value.strip()


def _list(data: dict[str, Any], name: str, where: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise MapError(f"{where}: {name} must be a list.")
    return value


def _one_of(data: dict[str, Any], name: str, values: Iterable[str], where: str) -> None:
    if name in data and data[name] not in values:
        raise MapError(f"{where}: unknown {name} {data[name]!r}. Use one of: {', '.join(values)}.")


def _flag(data: dict[str, Any], name: str, where: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise MapError(f"{where}: {name} must be true or false.")
    return value


def _days(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 36500:
        raise MapError(f"{name} must be a whole number of days from 1.")
    return value


def _unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise MapError(f'There are two {what}s named "{name}". Give each a name of its own.')
        seen.add(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
