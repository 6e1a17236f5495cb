"""The published map as a page shows it: stages, steps, emotion curve, lanes, customers per stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.registry import FirstStep
from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.models import Journey, Progress
from apps.journeys.selectors.said import said_card
from apps.touchpoints import conditions
from apps.touchpoints.enums import Channel
from apps.touchpoints.models import Touchpoint

_STEP = 100  # the curve's own units: a step is 100 wide, the scale 100 high with a margin of 8
_MARGIN = 8
type Point = tuple[float, float]


@dataclass(frozen=True)
class StageColumn:
    key: str
    name: str
    kind: str
    span: int
    customers: int
    steps: list["StepColumn"]
    about: str  # how long they are expected to stay, and which department looks after them
    listed: list[tuple["StepColumn", list[tuple["LaneRow", list[dict[str, Any]]]]]] = field(default_factory=list)


@dataclass(frozen=True)
class StepColumn:
    key: str
    name: str
    emotion: float | None
    feeling: str
    is_optional: bool
    is_moment_of_truth: bool
    alternative_to: str  # the name of a step
    takes_minutes: int | None
    rule: str


@dataclass(frozen=True)
class LaneRow:
    kind: str
    name: str
    icon: str
    cells: list[list[dict[str, Any]]]
    persona: str = ""
    curve: "Curve | None" = None

    @property
    def is_curve(self) -> bool:
        return self.kind == LaneKind.EMOTION


@dataclass(frozen=True)
class Curve:
    """Paths in a box of `width` × 100, zero in the middle; points in percent of the box. A gap where a step has no
    emotion."""

    width: int
    line: str
    area: str
    points: list[Point]


@dataclass(frozen=True)
class MapPage:
    stages: list[StageColumn]
    lanes: list[LaneRow]
    curve: Curve | None
    total: int

    @property
    def columns(self) -> list[StepColumn | None]:
        """None stands for the one empty column of a stage without steps."""
        return _columns(self.stages)


def page_of(snapshot: dict[str, Any], counts: dict[str, int], *, said: Mapping[str, int] | None = None) -> MapPage:
    """Of any snapshot; counts of customers by the keys of stages, of comments by the keys of cards."""
    stages = [_stage(stage, counts.get(stage["key"], 0)) for stage in snapshot["stages"]]
    columns = _columns(stages)
    channels = _channels(snapshot["cards"])
    cards = [said_card(card, channels.get(card.get("touchpoint", "")), said or {}) for card in snapshot["cards"]]
    lanes = [_lane(lane, cards, stages) for lane in snapshot["lanes"]]
    _list_for_phones(stages, lanes)
    return MapPage(
        stages=stages,
        lanes=lanes,
        curve=curve([step.emotion if step else None for step in columns]),
        total=sum(counts.values()),
    )


def customers_by_stage(journey: Journey) -> dict[str, int]:
    rows = Progress.objects.on_journey().filter(journey=journey).order_by().values_list("stage_key")
    return {str(key): n for key, n in rows.annotate(n=Count("pk"))}


def _stage(stage: dict[str, Any], customers: int) -> StageColumn:
    steps = [
        StepColumn(
            key=step["key"],
            name=step["name"],
            emotion=step.get("emotion"),
            feeling=step.get("feeling", ""),
            is_optional=bool(step.get("optional")),
            is_moment_of_truth=bool(step.get("moment_of_truth")),
            alternative_to=step.get("alternative_to") or "",
            takes_minutes=step.get("takes_minutes"),
            rule=sentence(step.get("match", [])),
        )
        for step in stage["steps"]
    ]
    about = " · ".join(part for part in (days_in_words(stage.get("expected_days")), stage.get("department")) if part)
    kind = str(StageKind(stage["kind"]).label)
    return StageColumn(stage["key"], stage["name"], kind, max(1, len(steps)), customers, steps, about)


def days_in_words(days: float | None) -> str:
    return "" if not days else _("about 1 day") if days == 1 else _("about %(n)g days") % {"n": days}


def _lane(lane: dict[str, Any], all_cards: list[dict[str, Any]], stages: list[StageColumn]) -> LaneRow:
    cards = [card for card in all_cards if card["lane"] == lane["name"]]
    cells: list[list[dict[str, Any]]] = []
    for stage in stages:
        cells += [[card for card in cards if card["step"] == step.name] for step in stage.steps] or [[]]
    kind = LaneKind(lane["kind"])
    drawn = curve([emotion_of(cell) for cell in cells]) if kind == LaneKind.EMOTION else None
    return LaneRow(kind.value, lane["name"], kind.icon, cells, lane.get("persona", ""), drawn)


def emotion_of(cards: Sequence[Mapping[str, Any]]) -> float | None:
    """Of a cell on the curve of a persona."""
    return next((card["emotion"] for card in cards if card.get("emotion") is not None), None)


def _channels(cards: list[dict[str, Any]]) -> dict[str, Channel]:
    """Of the touchpoints that these cards name."""
    names = {card["touchpoint"] for card in cards if card.get("touchpoint")}
    rows = Touchpoint.objects.filter(name__in=names).values_list("name", "channel") if names else []
    return {name: Channel(channel) for name, channel in rows}


def _columns(stages: list[StageColumn]) -> list[StepColumn | None]:
    found: list[StepColumn | None] = []
    for stage in stages:
        found += stage.steps or [None]
    return found


def _list_for_phones(stages: list[StageColumn], lanes: list[LaneRow]) -> None:
    """On a phone the map is read stage by stage: each step with the lanes that say something about it."""
    column = 0
    for stage in stages:
        for step in stage.steps:
            stage.listed.append((step, [(lane, lane.cells[column]) for lane in lanes if lane.cells[column]]))
            column += 1
        column += 0 if stage.steps else 1


def sentence(match: list[dict[str, Any]]) -> str:
    """What reaches a step, in plain English."""
    return " or ".join(_entry(entry) for entry in match) or "No rule yet"


def _entry(entry: dict[str, Any]) -> str:
    said = conditions.read(entry).sentence()
    return f"{said} ({entry['nth']}× or more)" if entry.get("nth", 1) > 1 else said


def curve(emotions: list[float | None]) -> Curve | None:
    """A monotone cubic through neighbouring steps that have an emotion, −2 … +2."""
    runs: list[list[Point]] = [[]]
    for index, emotion in enumerate(emotions):
        if emotion is None:
            runs.append([])
        else:
            runs[-1].append((_STEP * (index + 0.5), _height(emotion)))
    drawn = [run for run in runs if len(run) > 1]
    points = [point for run in runs for point in run]
    if not points:
        return None
    width = _STEP * len(emotions)
    lines = [_monotone(run) for run in drawn]
    areas = [f"{line} L{run[-1][0]:.1f},50 L{run[0][0]:.1f},50 Z" for line, run in zip(lines, drawn, strict=True)]
    at = [(round(100 * x / width, 2), round(y, 2)) for x, y in points]
    return Curve(width, " ".join(lines), " ".join(areas), at)


def _height(emotion: float) -> float:
    return _MARGIN + (2 - emotion) / 4 * (100 - 2 * _MARGIN)


def _monotone(points: list[tuple[float, float]]) -> str:
    """Fritsch and Carlson (1980): never above the higher or below the lower of two neighbours."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairwise(points)]
    tangents = [slopes[0], *(_between(a, b) for a, b in pairwise(slopes)), slopes[-1]]
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for index, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        third = (x2 - x1) / 3
        path.append(
            f"C{x1 + third:.1f},{y1 + tangents[index] * third:.1f} "
            f"{x2 - third:.1f},{y2 - tangents[index + 1] * third:.1f} {x2:.1f},{y2:.1f}"
        )
    return " ".join(path)


def _between(before: float, after: float) -> float:
    """The harmonic mean where both go the same way, flat at an extreme."""
    return 0.0 if before * after <= 0 else 2 * before * after / (before + after)


def is_any_published() -> bool:
    return Journey.objects.published().exists()


FIRST_STEP = FirstStep(
    gettext_lazy("Publish a map"),
    gettext_lazy("The journey you want; from then on you see beside it what customers really do."),
    "journey_list",
    is_any_published,
)
