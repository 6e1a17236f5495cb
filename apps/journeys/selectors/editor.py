"""The draft as the editor shows it: the ruled grid of stages, steps, lanes and cards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.journeys.enums import LaneKind
from apps.journeys.models import Card, Comment, Journey, Lane, Stage, Step
from apps.journeys.selectors.maps import Curve, curve, sentence


@dataclass(frozen=True)
class Cell:
    """The cards where a step meets a lane."""

    step: Step | None
    lane: Lane
    cards: list[Card] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its id on the page."""
        return f"cell-{self.step.pk}-{self.lane.pk}" if self.step else ""


@dataclass(frozen=True)
class Point:
    """The emotion of one step, on the journey's own curve or on that of a lane."""

    step: Step | None
    value: float | None
    feeling: str
    card: Card | None = None

    @property
    def emotion(self) -> float | None:
        return self.value


@dataclass(frozen=True)
class Row:
    lane: Lane
    icon: str
    cells: list[Cell]
    curve: Curve | None = None
    points: list[Point] = field(default_factory=list)

    @property
    def is_curve(self) -> bool:
        return self.lane.kind == LaneKind.EMOTION


@dataclass(frozen=True)
class Column:
    """A step; without one the empty column of a stage that has none."""

    stage: Stage
    step: Step | None
    place: int
    index: int  # in its stage
    alternative: str = ""  # the name of the step that it can be taken instead of
    listed: list[tuple[Row, Cell]] = field(default_factory=list)  # as a phone reads it
    felt: list[tuple[Row, Point]] = field(default_factory=list)  # by the personas whose curves there are

    @property
    def rule(self) -> str:
        return sentence(self.step.match) if self.step else ""


@dataclass(frozen=True)
class StageHead:
    stage: Stage
    span: int
    columns: list[Column]


@dataclass(frozen=True)
class Editor:
    journey: Journey
    heads: list[StageHead]
    rows: list[Row]
    curve: Curve | None
    points: list[Point]

    @property
    def columns(self) -> list[Column]:
        return [column for head in self.heads for column in head.columns]


def editor(journey: Journey) -> Editor:
    """Three questions to the database, whatever the size of the map."""
    heads = _heads(journey)
    columns = [column.step for head in heads for column in head.columns]
    lanes = journey.lanes.select_related("persona").order_by("position", "pk")
    cards = _by_cell(_cards().filter(lane__journey=journey))
    points = [Point(s, s.emotion if s else None, s.feeling if s else "") for s in columns]
    rows = [_row(lane, columns, cards) for lane in lanes]
    for head in heads:
        for column in head.columns:
            column.listed.extend((row, row.cells[column.place]) for row in rows if not row.is_curve)
            column.felt.extend((row, row.points[column.place]) for row in rows if row.is_curve)
    return Editor(
        journey=journey,
        heads=heads,
        rows=rows,
        curve=curve([point.value for point in points]),
        points=points,
    )


def _heads(journey: Journey) -> list[StageHead]:
    found = places(journey)
    names = {step.pk: step.name for _stage, own in found for step in own}
    heads, place = [], 0
    for stage, steps in found:
        own: list[Step | None] = [*steps] or [None]
        others = [names.get(step.alternative_to_id or 0, "") if step else "" for step in own]
        columns = [Column(stage, step, place + n, n, others[n]) for n, step in enumerate(own)]
        heads.append(StageHead(stage, len(own), columns))
        place += len(own)
    return heads


def _cards() -> QuerySet[Card]:
    """With all that a card shows, the number of its open comments included."""
    said = Comment.objects.open().filter(journey=OuterRef("lane__journey"), card_key=OuterRef("key")).order_by()
    counted = said.values("card_key").annotate(n=Count("pk")).values("n")
    rows = Card.objects.select_related("owner", "touchpoint", "department", "image").defer("image__content")
    return rows.annotate(comment_count=Coalesce(Subquery(counted), 0)).order_by("position", "pk")


def _by_cell(cards: Iterable[Card]) -> dict[tuple[int, int], list[Card]]:
    found: dict[tuple[int, int], list[Card]] = {}
    for card in cards:
        found.setdefault((card.step_id, card.lane_id), []).append(card)
    return found


def _row(lane: Lane, columns: list[Step | None], cards: Mapping[tuple[int, int], list[Card]]) -> Row:
    cells = [Cell(step, lane, cards.get((step.pk, lane.pk), []) if step else []) for step in columns]
    if lane.kind != LaneKind.EMOTION:
        return Row(lane, LaneKind(lane.kind).icon, cells)
    points = [_point(cell) for cell in cells]
    return Row(lane, LaneKind(lane.kind).icon, cells, curve([point.value for point in points]), points)


def _point(cell: Cell) -> Point:
    card = next((card for card in cell.cards if card.emotion is not None), None)
    return Point(cell.step, card.emotion if card else None, card.text if card else "", card)


def cell(*, step: Step, lane: Lane) -> Cell:
    return Cell(step, lane, list(_cards().filter(step=step, lane=lane)))


def lanes_for(card: Card) -> QuerySet[Lane]:
    """Where a card can be moved to: lanes with cells."""
    return Lane.objects.filter(journey=card.lane.journey_id).exclude(kind=LaneKind.EMOTION).order_by("position", "pk")


def places(journey: Journey) -> list[tuple[Stage, list[Step]]]:
    """The steps by stage, in one question: also where a card or step can be moved to."""
    stage_names = [field.attname for field in Stage._meta.concrete_fields]  # noqa: SLF001 - Django's public _meta
    step_names = [field.attname for field in Step._meta.concrete_fields]  # noqa: SLF001 - Django's public _meta
    rows = journey.stages.order_by("position", "pk", "steps__position", "steps__pk")
    found: dict[int, tuple[Stage, list[Step]]] = {}
    for row in rows.values_list(*stage_names, *(f"steps__{name}" for name in step_names)):
        stage = Stage.from_db(None, stage_names, row[: len(stage_names)])
        own = found.setdefault(stage.pk, (stage, []))[1]
        step = Step.from_db(None, step_names, row[len(stage_names) :])
        if step.pk is not None:  # a stage without steps comes once, with nothing beside it
            own.append(step)
    return list(found.values())
