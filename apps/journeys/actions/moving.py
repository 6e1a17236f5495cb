"""Moving a part one place on, as Alt and an arrow key do: over the edge of a stage or cell into the next one."""

from datetime import datetime

from django.db.models import QuerySet

from apps.journeys.actions import parts
from apps.journeys.enums import LaneKind
from apps.journeys.models import Card, Lane, Stage, Step
from apps.journeys.selectors.parts import Part
from apps.staff.models import User

LEFT, RIGHT, UP, DOWN = DIRECTIONS = ("left", "right", "up", "down")
_FIRST, _LAST = 0, 1_000_000


def shift(*, part: Part, direction: str, by: User | None, now: datetime) -> bool:
    """Whether there was somewhere to go."""
    if isinstance(part, Card):
        place = _of_card(part, direction)
    elif isinstance(part, Step):
        place = _of_step(part, direction)
    else:
        place = _along(part, direction in {RIGHT, DOWN})
    if place is None:
        return False
    parts.move(part=part, place=place, by=by, now=now)
    return True


def _along(part: Part, is_on: bool) -> int | None:  # noqa: FBT001 - private
    """The next place among its siblings."""
    ids = list(parts.siblings(part).order_by("position", "pk").values_list("pk", flat=True))
    place = ids.index(part.pk) + (1 if is_on else -1)
    return place if 0 <= place < len(ids) else None


def _of_step(step: Step, direction: str) -> int | None:
    is_on = direction in {RIGHT, DOWN}
    place = _along(step, is_on)
    if place is None:
        stage = _next(Stage.objects.filter(journey=step.stage.journey_id), step.stage, is_on)
        if stage is not None:
            step.stage = stage
            place = _FIRST if is_on else _LAST
    return place


def _of_card(card: Card, direction: str) -> int | None:
    is_on = direction in {RIGHT, DOWN}
    if direction in {LEFT, RIGHT}:
        steps = list(
            Step.objects.filter(stage__journey=card.lane.journey_id).order_by("stage__position", "position", "pk")
        )
        place = steps.index(card.step) + (1 if is_on else -1)
        if not 0 <= place < len(steps):
            return None
        card.step = steps[place]
        return _LAST
    place_in_cell = _along(card, is_on)
    if place_in_cell is None:
        lanes = Lane.objects.filter(journey=card.lane.journey_id).exclude(kind=LaneKind.EMOTION)
        lane = _next(lanes, card.lane, is_on)
        if lane is not None:
            card.lane = lane
            place_in_cell = _FIRST if is_on else _LAST
    return place_in_cell


def _next[T: Stage | Lane](rows: "QuerySet[T]", part: T, is_on: bool) -> T | None:  # noqa: FBT001 - private
    found = list(rows.order_by("position", "pk"))
    place = found.index(part) + (1 if is_on else -1)
    return found[place] if 0 <= place < len(found) else None
