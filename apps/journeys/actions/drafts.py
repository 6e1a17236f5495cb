"""Writes a journey's draft from text. A stage or step of the same name keeps its key; `was` renames."""

from django.db import transaction
from django.db.models import CharField
from django.db.models.functions import Cast

from apps.customers.models import Persona
from apps.journeys.models import Card, Journey, Lane, Stage, Step
from apps.journeys.wire import JourneyText, MapError, StageText, StepText


@transaction.atomic
def import_text(*, text: JourneyText) -> Journey:
    """The journey of that name, made or its draft replaced. Raises MapError, and then nothing is changed."""
    journey = Journey.objects.select_for_update(of=("self",)).filter(name=text.name).first() or Journey(name=text.name)
    journey.goal = text.goal
    journey.lapse_after_days, journey.new_lap_after_days = text.lapse_after_days, text.new_lap_after_days
    journey.persona = Persona.objects.get_or_create(name=text.persona)[0] if text.persona else None
    journey.save()
    steps = _write_stages(journey, text)
    _write_lanes(journey, text, steps)
    return journey


def _write_stages(journey: Journey, text: JourneyText) -> dict[str, Step]:
    old_stages = {stage.name: stage for stage in journey.stages.all()}
    old_steps = {step.name: step for step in Step.objects.filter(stage__journey=journey)}
    taken = {id(one): _take(old_stages, one.name, one.was, "stage") for one in text.stages}
    stages = {key: stage or Stage(journey=journey) for key, stage in taken.items()}
    # Free for new names and kinds, which may be swapped ones.
    journey.stages.update(kind="", name=Cast("key", CharField()))
    kept: dict[str, Step] = {}
    for position, one in enumerate(text.stages):
        stage = _write_stage(stages[id(one)], one, position)
        for place, step_text in enumerate(one.steps):
            step = _take(old_steps, step_text.name, step_text.was, "step") or Step()
            kept[step_text.name] = _write_step(step, step_text, stage, place)
    _write_alternatives(text, kept)
    Step.objects.filter(stage__journey=journey).exclude(pk__in=[step.pk for step in kept.values()]).delete()
    journey.stages.exclude(pk__in=[stage.pk for stage in stages.values()]).delete()
    return kept


def _take[T: Stage | Step](old: dict[str, T], name: str, was: str | None, what: str) -> T | None:
    if was is None:
        return old.get(name)
    if was not in old:
        raise MapError(f'The {what} "{name}" was never named {was!r}.')
    return old[was]


def _write_stage(stage: Stage, text: StageText, position: int) -> Stage:
    stage.name, stage.kind, stage.position = text.name, text.kind, position
    stage.expected_days, stage.allows_back = text.expected_days, text.allows_back
    stage.save()
    return stage


def _write_step(step: Step, text: StepText, stage: Stage, position: int) -> Step:
    step.stage, step.name, step.position = stage, text.name, position
    step.emotion, step.feeling, step.is_optional = text.emotion, text.feeling, text.is_optional
    step.match = text.match
    step.save()
    return step


def _write_alternatives(text: JourneyText, kept: dict[str, Step]) -> None:
    for stage in text.stages:
        for one in stage.steps:
            kept[one.name].alternative_to = kept[one.alternative_to] if one.alternative_to else None
            kept[one.name].save(update_fields=["alternative_to"])


def _write_lanes(journey: Journey, text: JourneyText, steps: dict[str, Step]) -> None:
    journey.lanes.all().delete()
    lanes = {
        name: Lane.objects.create(journey=journey, kind=kind, name=name, position=position)
        for position, (kind, name) in enumerate(text.lanes)
    }
    Card.objects.bulk_create(
        Card(
            step=steps[card.step],
            lane=lanes[card.lane],
            text=card.text,
            severity=card.severity,
            position=position,
        )
        for position, card in enumerate(text.cards)
    )
