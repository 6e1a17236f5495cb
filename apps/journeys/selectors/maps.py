"""The published map as a page shows it: stages, steps, emotion curve, lanes, customers per stage."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import Count

from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.models import Journey, Progress

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
    listed: list[tuple["StepColumn", list[tuple["LaneRow", list[dict[str, Any]]]]]] = field(default_factory=list)


@dataclass(frozen=True)
class StepColumn:
    key: str
    name: str
    emotion: float | None
    feeling: str
    is_optional: bool
    rule: str


@dataclass(frozen=True)
class LaneRow:
    kind: str
    name: str
    icon: str
    cells: list[list[dict[str, Any]]]


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


def map_page(journey: Journey) -> MapPage:
    """Of the published version."""
    if journey.current_version is None:
        raise ValueError(f"{journey} is not published")
    snapshot = journey.current_version.snapshot
    counts = customers_by_stage(journey)
    stages = [_stage(stage, counts.get(stage["key"], 0)) for stage in snapshot["stages"]]
    columns = _columns(stages)
    lanes = [_lane(lane, snapshot, stages) for lane in snapshot["lanes"]]
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
            rule=sentence(step.get("match", [])),
        )
        for step in stage["steps"]
    ]
    return StageColumn(
        stage["key"], stage["name"], str(StageKind(stage["kind"]).label), max(1, len(steps)), customers, steps
    )


def _lane(lane: dict[str, Any], snapshot: dict[str, Any], stages: list[StageColumn]) -> LaneRow:
    cards = [card for card in snapshot["cards"] if card["lane"] == lane["name"]]
    cells: list[list[dict[str, Any]]] = []
    for stage in stages:
        cells += [[card for card in cards if card["step"] == step.name] for step in stage.steps] or [[]]
    return LaneRow(lane["kind"], lane["name"], LaneKind(lane["kind"]).icon, cells)


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
    parts = [entry.get("event") or "Any interaction"]
    if entry.get("nth", 1) > 1:
        parts.append(f"({entry['nth']}× or more)")
    if "by" in entry and entry["by"] != "customer":
        parts.append(f"by {entry['by']}")
    if "channel" in entry:
        parts.append(f"on {entry['channel']}")
    if "touchpoint" in entry:
        parts.append(f"at {entry['touchpoint']}")
    for path, operator, value in entry.get("where", []):
        parts.append(f"with {path.removeprefix('properties.')} {operator} {value}")
    return " ".join(parts)


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
