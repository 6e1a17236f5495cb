from typing import Any

from django.db.models import QuerySet

from apps.journeys.models import Card, Journey, Step
from apps.journeys.wire import SCOPE


def export_text(journey: Journey, *, with_keys: bool = False) -> dict[str, Any]:
    """The draft in the JSON of interface.md; what is absent means the default. With keys it is a snapshot, which names
    pictures by digest; without, they stand in the text."""
    return _said(
        {
            "name": journey.name,
            "persona": journey.persona and journey.persona.name,
            **{name: getattr(journey, name) for name in SCOPE},
            "expected_days": journey.expected_days,
            "owner": journey.owner and journey.owner.email,
            "review_on": journey.review_on and journey.review_on.isoformat(),
            "segment": journey.segment and journey.segment.name,
            "lapse_after_days": journey.lapse_after_days,
            "new_lap_after_days": journey.new_lap_after_days,
            "stages": _stages(journey, with_keys=with_keys),
            "lanes": [
                _said({"kind": lane.kind, "name": lane.name, "persona": lane.persona and lane.persona.name})
                for lane in journey.lanes.select_related("persona").order_by("position", "pk")
            ],
            "cards": _cards(journey, with_keys=with_keys),
        }
    )


def _stages(journey: Journey, *, with_keys: bool) -> list[dict[str, Any]]:
    steps: dict[int, list[dict[str, Any]]] = {}
    rows = Step.objects.filter(stage__journey=journey).select_related("alternative_to").order_by("position", "pk")
    for step in rows:
        steps.setdefault(step.stage_id, []).append(_step(step, with_keys=with_keys))
    return [
        _said(
            {
                "key": str(stage.key) if with_keys else None,
                "name": stage.name,
                "kind": stage.kind,
                "expected_days": stage.expected_days,
                "back": stage.allows_back or None,
                "department": stage.department and stage.department.name,
                "steps": steps.get(stage.pk, []),
            }
        )
        for stage in journey.stages.select_related("department").order_by("position", "pk")
    ]


_CARD = (
    "text", "severity", "frequency", "effort", "impact", "status", "evidence", "evidence_n", "evidence_note",
    "emotion", "target", "unit",
)  # fmt: skip


def cards_of(journey: Journey) -> QuerySet[Card]:
    """In the order of the map, with whom and what they name; without the content of pictures."""
    rows = Card.objects.filter(lane__journey=journey).select_related(
        "step", "lane__journey", "owner", "touchpoint", "department", "image"
    )
    return rows.defer("image__content").order_by(
        "step__stage__position", "step__position", "lane__position", "position", "pk"
    )


def _cards(journey: Journey, *, with_keys: bool) -> list[dict[str, Any]]:
    cards = cards_of(journey)
    if not with_keys:  # pictures stand in the text then
        cards = cards.defer(None)
    return [card_text(card, with_keys=with_keys) for card in cards]


def card_text(card: Card, *, with_keys: bool) -> dict[str, Any]:
    """Its text is always there: a point of a curve may have no word for the feeling."""
    return {"text": ""} | _said(
        {
            "step": card.step.name,
            "lane": card.lane.name,
            "key": str(card.key) if with_keys else None,
            **{name: getattr(card, name) for name in _CARD},
            "owner": card.owner and card.owner.email,
            "due_on": card.due_on and card.due_on.isoformat(),
            "solved_at": card.solved_at and card.solved_at.isoformat(),
            "touchpoint": card.touchpoint and card.touchpoint.name,
            "department": card.department and card.department.name,
            "image": card.image and (card.image.name if with_keys else card.image.data_uri),
        }
    )


def _step(step: Step, *, with_keys: bool) -> dict[str, Any]:
    return _said(
        {
            "key": str(step.key) if with_keys else None,
            "name": step.name,
            "emotion": step.emotion,
            "feeling": step.feeling or None,
            "optional": step.is_optional or None,
            "alternative_to": step.alternative_to.name if step.alternative_to else None,
            "match": step.match,
            "moment_of_truth": step.is_moment_of_truth or None,
            "takes_minutes": step.takes_minutes,
        }
    )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value != ""}
