from typing import Any

from apps.journeys.models import Card, Journey, Step


def export_text(journey: Journey, *, with_keys: bool = False) -> dict[str, Any]:
    """The draft in the JSON of interface.md; what is absent means the default. With keys it is a snapshot."""
    return _without_none(
        {
            "name": journey.name,
            "persona": journey.persona.name if journey.persona else None,
            "goal": journey.goal or None,
            "lapse_after_days": journey.lapse_after_days,
            "new_lap_after_days": journey.new_lap_after_days,
            "stages": _stages(journey, with_keys=with_keys),
            "lanes": [{"kind": lane.kind, "name": lane.name} for lane in journey.lanes.order_by("position", "pk")],
            "cards": _cards(journey),
        }
    )


def _stages(journey: Journey, *, with_keys: bool) -> list[dict[str, Any]]:
    steps: dict[int, list[dict[str, Any]]] = {}
    rows = Step.objects.filter(stage__journey=journey).select_related("alternative_to").order_by("position", "pk")
    for step in rows:
        steps.setdefault(step.stage_id, []).append(_step(step, with_keys=with_keys))
    return [
        _without_none(
            {
                "key": str(stage.key) if with_keys else None,
                "name": stage.name,
                "kind": stage.kind,
                "expected_days": stage.expected_days,
                "back": stage.allows_back or None,
                "steps": steps.get(stage.pk, []),
            }
        )
        for stage in journey.stages.order_by("position", "pk")
    ]


def _cards(journey: Journey) -> list[dict[str, Any]]:
    cards = Card.objects.filter(step__stage__journey=journey).select_related("step", "lane").order_by("position", "pk")
    return [
        _without_none({"step": card.step.name, "lane": card.lane.name, "text": card.text, "severity": card.severity})
        for card in cards
    ]


def _step(step: Step, *, with_keys: bool) -> dict[str, Any]:
    return _without_none(
        {
            "key": str(step.key) if with_keys else None,
            "name": step.name,
            "emotion": step.emotion,
            "feeling": step.feeling or None,
            "optional": step.is_optional or None,
            "alternative_to": step.alternative_to.name if step.alternative_to else None,
            "match": step.match,
        }
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
