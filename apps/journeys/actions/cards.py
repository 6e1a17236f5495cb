"""Cards by the words of a map as text: what the API does one by one."""

from datetime import datetime
from typing import Any

from apps.journeys import wire_cards
from apps.journeys.actions import drafts, parts
from apps.journeys.models import Card, Journey, Lane, Step
from apps.journeys.selectors.drafts import card_text
from apps.staff.models import User

_FIELDS = [
    "step", "lane", "text", "severity", "frequency", "effort", "impact", "status", "owner", "due_on", "solved_at",
    "evidence", "evidence_n", "evidence_note", "touchpoint", "department", "emotion", "target", "unit", "image",
]  # fmt: skip


def add(*, journey: Journey, said: dict[str, Any], by: User | None, now: datetime) -> Card:
    """At the end of its cell. Raises MapError."""
    card = _read(journey, said)
    parts.add(part=card, by=by, now=now)
    return card


def change(*, card: Card, said: dict[str, Any], revision: int, by: User | None, now: datetime) -> Card:
    """What is not said stays. Raises MapError, parts.Stale."""
    journey = card.lane.journey
    made = _read(journey, {**card_text(card, with_keys=True), **said})
    fields = [name for name in _FIELDS if name in said]
    for name in fields:
        setattr(card, name, getattr(made, name))
    parts.change(part=card, fields=fields, revision=revision, by=by, now=now)
    return card


def _read(journey: Journey, said: dict[str, Any]) -> Card:
    steps = {step.name: step for step in Step.objects.filter(stage__journey=journey)}
    lanes = {lane.name: lane for lane in Lane.objects.filter(journey=journey)}
    text = wire_cards.read(said, steps=steps.keys(), lanes={name: lane.kind for name, lane in lanes.items()})
    card = drafts.card_of(text, drafts.Names())
    card.step, card.lane = steps[text.step], lanes[text.lane]
    return card
