"""Acts on the parts of a draft: stages, steps, lanes, cards. Each is one edit (actions.edits), so it can be undone."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from apps.journeys.actions.edits import edit
from apps.journeys.enums import CardStatus, StageKind
from apps.journeys.models import Card, Journey, Lane, Stage, Step
from apps.journeys.selectors.parts import Part, point
from apps.journeys.wire import LAPSED_NAME
from apps.staff.models import User


class Stale(Exception):
    """Somebody else has changed the part since it was opened; `theirs` is as it stands now, None when it is gone."""

    def __init__(self, theirs: "Part | Journey | None") -> None:
        super().__init__(_("Somebody else has changed this meanwhile."))
        self.theirs = theirs


def add(*, part: Part, by: User | None, now: datetime, place: int | None = None) -> None:
    """At this place (from 0) of where it belongs; at its end without."""
    with edit(journey_id=journey_of(part), label=_("Add “%(what)s”") % {"what": part}, by=by, now=now):
        rows = siblings(part)
        if place is None:
            last = rows.aggregate(last=Max("position"))["last"]
            place = 0 if last is None else last + 1
        rows.filter(position__gte=place).update(position=F("position") + 1)
        part.position = place
        part.save(force_insert=True)


def change(*, part: Part, fields: Iterable[str], revision: int, by: User | None, now: datetime) -> None:
    """Writes these fields. Raises Stale when the part is not of this revision any more."""
    label = _("Edit “%(what)s”") % {"what": part}
    with edit(journey_id=journey_of(part), label=label, by=by, now=now):
        _check(part, revision)
        names = set(fields)
        if isinstance(part, Card) and "status" in names:
            part.solved_at = (part.solved_at or now) if part.status == CardStatus.SOLVED else None
            names.add("solved_at")
        part.save(update_fields=names)


def delete(*, part: Part, revision: int, by: User | None, now: datetime) -> None:
    """With all that stands in it. Raises Stale."""
    with edit(journey_id=journey_of(part), label=_("Delete “%(what)s”") % {"what": part}, by=by, now=now):
        _check(part, revision)
        type(part)._default_manager.filter(pk=part.pk).delete()  # noqa: SLF001


def _check(part: Part, revision: int) -> None:
    theirs = type(part)._default_manager.filter(pk=part.pk).first()  # noqa: SLF001
    if theirs is None or theirs.revision != revision:
        raise Stale(theirs)


def _check_there(part: Part) -> None:
    if not type(part)._default_manager.filter(pk=part.pk).exists():  # noqa: SLF001
        raise Stale(None)


def move(*, part: Part, place: int, by: User | None, now: datetime) -> None:
    """To this place (from 0) among the siblings where it now says that it belongs: who moves a card to another cell
    sets its step and lane first. Raises Stale when the part has gone."""
    with edit(journey_id=journey_of(part), label=_("Move “%(what)s”") % {"what": part}, by=by, now=now):
        _check_there(part)
        others = list(siblings(part).exclude(pk=part.pk).order_by("position", "pk"))
        others.insert(max(0, min(place, len(others))), part)
        for position, one in enumerate(others):
            one.position = position
        owners = [name for name in ("stage", "step", "lane") if hasattr(part, f"{name}_id")]
        part.save(update_fields=["position", *owners])
        type(part)._default_manager.bulk_update(others, ["position"])  # noqa: SLF001


def duplicate(*, part: Part, by: User | None, now: datetime) -> Part:
    """Right behind the original, with all that stands in it. Steps come without their rules, which would take over what
    the original measures. Raises Stale when the part has gone."""
    with edit(journey_id=journey_of(part), label=_("Duplicate “%(what)s”") % {"what": part}, by=by, now=now) as journey:
        _check_there(part)
        siblings(part).filter(position__gt=part.position).update(position=F("position") + 1)
        return _copy(part, journey, position=part.position + 1)


def _copy(part: Part, journey: Journey, *, position: int, **owners: Any) -> Part:
    made = type(part)._default_manager.get(pk=part.pk)  # noqa: SLF001
    made.pk, made.position, made.revision = None, position, 0
    for name, owner in owners.items():
        setattr(made, name, owner)
    if not isinstance(made, Lane):
        made.key = uuid.uuid4()
    if not isinstance(made, Card):
        made.name = _free_name(made, journey)
    if isinstance(made, Stage) and made.kind == StageKind.LAPSED:
        made.kind = StageKind.USE  # a map has one lapsed stage
    if isinstance(made, Step):
        made.match = []
    made.save(force_insert=True)
    _copy_inside(part, made, journey)
    return made


def _copy_inside(part: Part, made: Part, journey: Journey) -> None:
    if isinstance(part, Stage):
        for step in part.steps.order_by("position", "pk"):
            _copy(step, journey, position=step.position, stage=made)
    elif isinstance(part, Step | Lane):
        name = "step" if isinstance(part, Step) else "lane"
        for card in part.cards.order_by("position", "pk"):
            _copy(card, journey, position=card.position, **{name: made})


def _free_name(part: Stage | Step | Lane, journey: Journey) -> str:
    taken = set(_named(part, journey).values_list("name", flat=True))
    number, length = 1, part._meta.get_field("name").max_length or 100  # noqa: SLF001
    while True:
        end = _(" (copy)") if number == 1 else _(" (copy %(n)s)") % {"n": number}
        name = part.name[: length - len(end)] + end
        if name not in taken:
            return name
        number += 1


def _named(part: Stage | Step | Lane, journey: Journey) -> QuerySet[Any]:
    if isinstance(part, Step):
        return Step.objects.filter(stage__journey=journey)
    return type(part)._default_manager.filter(journey=journey)  # noqa: SLF001


def set_emotion(*, step: Step, lane: Lane | None, value: float, revision: int, by: User | None, now: datetime) -> None:
    """Of the step on the journey's own curve, or on the curve of a lane, whose card is made where there is none; its
    text is the feeling's word. Raises Stale."""
    if lane is None:
        step.emotion = value
        change(part=step, fields=["emotion"], revision=revision, by=by, now=now)
        return
    card = point(step=step, lane=lane)
    if card is None:
        add(part=Card(step=step, lane=lane, emotion=value), by=by, now=now)
    else:
        card.emotion = value
        change(part=card, fields=["emotion"], revision=revision, by=by, now=now)


def siblings(part: Part) -> QuerySet[Any]:
    if isinstance(part, Step):
        return Step.objects.filter(stage=part.stage_id)
    if isinstance(part, Card):
        return Card.objects.filter(step=part.step_id, lane=part.lane_id)
    return type(part)._default_manager.filter(journey=part.journey_id)  # noqa: SLF001


def journey_of(part: Part) -> int:
    if isinstance(part, Step):
        return part.stage.journey_id
    return part.lane.journey_id if isinstance(part, Card) else part.journey_id


# --- The journey itself


def change_journey(*, journey: Journey, fields: Iterable[str], revision: int, by: User | None, now: datetime) -> None:
    """Its scope and times. Whoever falls silent needs a stage to fall into: it is added where there is none."""
    with edit(journey_id=journey.pk, label=_("Edit the scope"), by=by, now=now):
        theirs = Journey.objects.get(pk=journey.pk)
        if theirs.revision != revision:
            raise Stale(theirs)
        journey.save(update_fields=list(fields))
        if journey.lapse_after_days and not journey.stages.filter(kind=StageKind.LAPSED).exists():
            last = journey.stages.aggregate(last=Max("position"))["last"] or 0
            name = LAPSED_NAME
            while journey.stages.filter(name=name).exists():
                name += "'"
            Stage.objects.create(journey=journey, name=name, kind=StageKind.LAPSED, position=last + 1)
