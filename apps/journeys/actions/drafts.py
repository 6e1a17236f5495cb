"""Writes a journey's draft from text. A stage or step of the same name keeps its key; `was` renames."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import CharField, Max, Model
from django.db.models.functions import Cast

from apps.customers.models import Persona, Segment
from apps.journeys.actions import images
from apps.journeys.models import Card, Journey, Lane, Stage, Step
from apps.journeys.wire import CardText, JourneyText, MapError, StageText, StepText
from apps.staff.models import Department, User
from apps.touchpoints.models import Touchpoint


@dataclass
class Names:
    """What a text calls by name. An unknown persona is made; another unknown name is an error, unless the text is a
    version of before, whose people and touchpoints may have gone since."""

    is_old: bool = False
    found: dict[tuple[type[Model], str], Any] = field(default_factory=dict)

    def persona(self, name: str | None) -> Persona | None:
        return Persona.objects.get_or_create(name=name)[0] if name else None

    def segment(self, name: str | None) -> Segment | None:
        return self._one(Segment, "name", name, "segment")

    def owner(self, email: str | None) -> User | None:
        return self._one(User, "email__iexact", email, "member of staff")

    def department(self, name: str | None) -> Department | None:
        return self._one(Department, "name", name, "department")

    def touchpoint(self, name: str | None) -> Touchpoint | None:
        return self._one(Touchpoint, "name", name, "touchpoint")

    def _one[T: Model](self, model: type[T], column: str, value: str | None, what: str) -> T | None:
        if not value:
            return None
        if (model, value) not in self.found:
            self.found[model, value] = model._default_manager.filter(**{column: value}).first()  # noqa: SLF001
        if self.found[model, value] is None and not self.is_old:
            raise MapError(f"There is no {what} {value!r}. Make it first, or leave it out.")
        found: T | None = self.found[model, value]
        return found


@dataclass(frozen=True)
class Keys:
    """Of a version of before, by its names: a stage or step of this key is the same whatever it is called by now, and
    one that the draft has lost is made with it. Its cards say their own keys."""

    stages: Mapping[str, str]
    steps: Mapping[str, str]


@transaction.atomic
def import_text(*, text: JourneyText) -> Journey:
    """The journey of that name, made or its draft replaced. Raises MapError, and then nothing is changed."""
    journey = Journey.objects.select_for_update(of=("self",)).filter(name=text.name).first() or Journey(name=text.name)
    write(journey=journey, text=text, names=Names())
    return journey


def write(*, journey: Journey, text: JourneyText, names: Names, keys: Keys | None = None) -> None:
    """Replaces the draft, without its name. Inside the caller's transaction. Raises MapError. Keys are taken only from
    whom they are given, never from the text of somebody's file."""
    for name, value in text.scope.items():
        setattr(journey, name, value)
    journey.lapse_after_days, journey.new_lap_after_days = text.lapse_after_days, text.new_lap_after_days
    journey.expected_days, journey.review_on = text.expected_days, text.review_on
    journey.persona, journey.segment = names.persona(text.persona), names.segment(text.segment)
    journey.owner = names.owner(text.owner)
    journey.save()
    latest = Card.objects.filter(lane__journey=journey).aggregate(latest=Max("revision"))["latest"]
    card_key = attrgetter("key") if keys else _card_keys(journey)
    steps = _write_stages(journey, text, names, keys)
    lanes = _write_lanes(journey, text, names)
    _write_cards(text, steps, lanes, names, card_key)
    if latest is not None:  # who still edits a card of before is told
        Card.objects.filter(lane__journey=journey).update(revision=latest + 1)


def _write_stages(journey: Journey, text: JourneyText, names: Names, keys: Keys | None) -> dict[str, Step]:
    stage_keys, step_keys = (keys.stages, keys.steps) if keys else (None, None)
    old_stages = _known(journey.stages.all(), stage_keys, lambda key: Stage(journey=journey, key=key))
    old_steps = _known(Step.objects.filter(stage__journey=journey), step_keys, lambda key: Step(key=key))
    taken = {id(one): _take(old_stages, one.name, one.was, "stage") for one in text.stages}
    stages = {key: stage or Stage(journey=journey) for key, stage in taken.items()}
    # Free for new names and kinds, which may be swapped ones.
    journey.stages.update(kind="", name=Cast("key", CharField()))
    kept: dict[str, Step] = {}
    for position, one in enumerate(text.stages):
        stage = _write_stage(stages[id(one)], one, position, names)
        for place, step_text in enumerate(one.steps):
            step = _take(old_steps, step_text.name, step_text.was, "step") or Step()
            kept[step_text.name] = _write_step(step, step_text, stage, place)
    _write_alternatives(text, kept)
    Step.objects.filter(stage__journey=journey).exclude(pk__in=[step.pk for step in kept.values()]).delete()
    journey.stages.exclude(pk__in=[stage.pk for stage in stages.values()]).delete()
    return kept


def _known[T: Stage | Step](
    rows: Iterable[T], keys: Mapping[str, str] | None, made: Callable[[str], T]
) -> dict[str, T]:
    """By the names that the text calls them."""
    if keys is None:
        return {row.name: row for row in rows}
    by_key = {str(row.key): row for row in rows}
    return {name: by_key.get(key) or made(key) for name, key in keys.items()}


def _take[T: Stage | Step](old: dict[str, T], name: str, was: str | None, what: str) -> T | None:
    if was is None:
        return old.get(name)
    if was not in old:
        raise MapError(f'The {what} "{name}" was never named {was!r}.')
    return old[was]


def _write_stage(stage: Stage, text: StageText, position: int, names: Names) -> Stage:
    stage.name, stage.kind, stage.position = text.name, text.kind, position
    stage.expected_days, stage.allows_back = text.expected_days, text.allows_back
    stage.department = names.department(text.department)
    stage.save()
    return stage


def _write_step(step: Step, text: StepText, stage: Stage, position: int) -> Step:
    step.stage, step.name, step.position = stage, text.name, position
    step.emotion, step.feeling, step.is_optional = text.emotion, text.feeling, text.is_optional
    step.is_moment_of_truth, step.takes_minutes = text.is_moment_of_truth, text.takes_minutes
    step.match = text.match
    step.save()
    return step


def _write_alternatives(text: JourneyText, kept: dict[str, Step]) -> None:
    for stage in text.stages:
        for one in stage.steps:
            kept[one.name].alternative_to = kept[one.alternative_to] if one.alternative_to else None
            kept[one.name].save(update_fields=["alternative_to"])


def _card_keys(journey: Journey) -> Callable[[CardText], Any]:
    """Keys of the cards that stand there, by step, lane and text, so that comments stay with what did not change."""
    rows = Card.objects.filter(step__stage__journey=journey)
    found = {
        (step, lane, text): key for step, lane, text, key in rows.values_list("step__name", "lane__name", "text", "key")
    }
    return lambda one: found.pop((one.step, one.lane, one.text), None)


def _write_lanes(journey: Journey, text: JourneyText, names: Names) -> dict[str, Lane]:
    journey.lanes.all().delete()
    return {
        lane.name: Lane.objects.create(
            journey=journey, kind=lane.kind, name=lane.name, persona=names.persona(lane.persona), position=position
        )
        for position, lane in enumerate(text.lanes)
    }


_PLAIN = (
    "text", "severity", "frequency", "effort", "impact", "status", "due_on", "solved_at", "evidence", "evidence_n",
    "evidence_note", "emotion", "target", "unit",
)  # fmt: skip


def _write_cards(
    text: JourneyText,
    steps: dict[str, Step],
    lanes: dict[str, Lane],
    names: Names,
    key_of: Callable[[CardText], Any],
) -> None:
    cards = []
    for position, one in enumerate(text.cards):
        card = card_of(one, names)
        card.step, card.lane, card.position = steps[one.step], lanes[one.lane], position
        if known := key_of(one):
            card.key = known
        cards.append(card)
    Card.objects.bulk_create(cards)


def card_of(one: CardText, names: Names) -> Card:
    """Not saved, and not yet in a cell. Raises MapError."""
    return Card(
        **{name: getattr(one, name) for name in _PLAIN},
        owner=names.owner(one.owner),
        touchpoint=names.touchpoint(one.touchpoint),
        department=names.department(one.department),
        image=images.named(one.image),
    )
