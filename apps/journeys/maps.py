"""A published map as the fold reads it: plain values made from a snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.journeys.enums import StageKind
from apps.touchpoints import conditions


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of a step's rule: which interactions fit, and from the customer's how manyeth on they count."""

    id: str
    pattern: conditions.Pattern
    nth: int

    @property
    def event(self) -> str | None:
        return self.pattern.event

    def fits(self, interaction: "Seen") -> bool:
        return self.pattern.fits(interaction)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the fold sees of an interaction."""

    id: int
    at: Any
    event: str
    by: str
    channel: str
    touchpoint: str | None
    properties: Mapping[str, Any]
    origin: str


@dataclass(frozen=True, slots=True)
class MapStep:
    key: str
    name: str
    index: int
    stage_index: int
    is_optional: bool
    alternative_to: str | None
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class MapStage:
    key: str
    name: str
    index: int
    expected: timedelta | None
    allows_back: bool


@dataclass(frozen=True)
class Map:
    journey_name: str
    stages: tuple[MapStage, ...]
    steps: tuple[MapStep, ...]
    lapsed_index: int | None
    lapse_after: timedelta | None
    new_lap_after: timedelta | None
    by_event: Mapping[str | None, tuple[tuple[MapStep, Match], ...]]

    def stage_index(self, key: str) -> int | None:
        return next((stage.index for stage in self.stages if stage.key == key), None)

    def candidates(self, event: str) -> tuple[tuple[MapStep, Match], ...]:
        """Step and match entry pairs that an event of this name may fit."""
        named = self.by_event.get(event, ())
        return (*named, *self.by_event[None]) if None in self.by_event else named


def read_map(snapshot: Mapping[str, Any]) -> Map:
    stages: list[MapStage] = []
    steps: list[MapStep] = []
    for stage_index, stage in enumerate(snapshot["stages"]):
        days = stage.get("expected_days")
        expected = timedelta(days=days) if days else None
        stages.append(MapStage(stage["key"], stage["name"], stage_index, expected, bool(stage.get("back"))))
        for step in stage.get("steps", []):
            steps.append(_read_step(step, index=len(steps), stage_index=stage_index))
    lapsed = next((i for i, s in enumerate(snapshot["stages"]) if s["kind"] == StageKind.LAPSED), None)
    return Map(
        journey_name=snapshot["name"],
        stages=tuple(stages),
        steps=tuple(steps),
        lapsed_index=lapsed,
        lapse_after=_days(snapshot.get("lapse_after_days")),
        new_lap_after=_days(snapshot.get("new_lap_after_days")),
        by_event=_index(steps),
    )


def _days(value: int | None) -> timedelta | None:
    return timedelta(days=value) if value else None


def _read_step(step: Mapping[str, Any], *, index: int, stage_index: int) -> MapStep:
    matches = tuple(
        Match(id=f"{step['key']}:{number}", pattern=conditions.read(entry), nth=entry.get("nth", 1))
        for number, entry in enumerate(step.get("match", []))
    )
    return MapStep(
        key=step["key"],
        name=step["name"],
        index=index,
        stage_index=stage_index,
        is_optional=bool(step.get("optional")),
        alternative_to=step.get("alternative_to"),
        matches=matches,
    )


def _index(steps: list[MapStep]) -> dict[str | None, tuple[tuple[MapStep, Match], ...]]:
    found: dict[str | None, list[tuple[MapStep, Match]]] = {}
    for step in steps:
        for match in step.matches:
            found.setdefault(match.event, []).append((step, match))
    return {event: tuple(pairs) for event, pairs in found.items()}
