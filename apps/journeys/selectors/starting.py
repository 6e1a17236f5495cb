"""What the page of a new map shows of each thing to start from."""

from dataclasses import dataclass
from typing import Any

from apps.journeys import library
from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.library import Template, Words
from apps.journeys.selectors import maps


@dataclass(frozen=True)
class SetPreview:
    value: str
    name: Words
    text: Words
    stages: list[str]


@dataclass(frozen=True)
class TemplatePreview:
    value: str
    name: Words
    text: Words
    icon: str
    persona: str
    role: str
    quote: str
    goal: str
    stages: list[tuple[str, list[str]]]  # names of a stage and its steps; without the lapsed one
    steps: int
    cards: int
    touchpoints: int
    curve: maps.Curve | None
    samples: list[tuple[LaneKind, str]]


def set_previews() -> list[SetPreview]:
    return [SetPreview(f"set:{one.key}", one.name, one.text, [name for name, _ in one.stages]) for one in library.SETS]


def template_previews() -> list[TemplatePreview]:
    return [_preview(one) for one in library.templates()]


def _preview(one: Template) -> TemplatePreview:
    stages = [stage for stage in one.map["stages"] if stage["kind"] != StageKind.LAPSED]
    steps = [step for stage in stages for step in stage["steps"]]
    return TemplatePreview(
        value=f"template:{one.key}",
        name=one.name,
        text=one.text,
        icon=one.icon,
        persona=one.persona["name"],
        role=one.persona["role"],
        quote=one.persona["quote"],
        goal=one.map["goal"],
        stages=[(stage["name"], [step["name"] for step in stage["steps"]]) for stage in stages],
        steps=len(steps),
        cards=len(one.map["cards"]),
        touchpoints=len(one.touchpoints),
        curve=maps.curve([step["emotion"] for step in steps]),
        samples=_samples(one.map),
    )


def _samples(text: dict[str, Any]) -> list[tuple[LaneKind, str]]:
    """The first words of a map: a thought, a pain point, an opportunity."""
    kinds = {lane["name"]: LaneKind(lane["kind"]) for lane in text["lanes"]}
    first: dict[LaneKind, str] = {}
    for card in text["cards"]:
        first.setdefault(kinds[card["lane"]], card["text"])
    return [(kind, first[kind]) for kind in (LaneKind.THOUGHTS, LaneKind.PAIN, LaneKind.OPPORTUNITY) if kind in first]
