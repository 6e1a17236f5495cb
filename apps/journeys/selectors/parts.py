"""One part of a draft by its kind, as the addresses of the editor name it."""

from django.db.models import QuerySet

from apps.journeys.models import Card, Lane, Stage, Step

type Part = Stage | Step | Lane | Card


def of_kind(kind: str, *, journey_id: int) -> "QuerySet[Part] | None":
    """Parts of this journey with what their forms read; None for a kind that is none."""
    rows = {
        "stage": Stage.objects.select_related("journey").filter(journey=journey_id),
        "step": Step.objects.select_related("stage").filter(stage__journey=journey_id),
        "lane": Lane.objects.select_related("journey").filter(journey=journey_id),
        "card": Card.objects.select_related("step__stage", "lane").filter(lane__journey=journey_id),
    }
    return rows.get(kind)  # type: ignore[return-value]


def one(rows: "QuerySet[Part]", pk: int) -> Part | None:
    return rows.filter(pk=pk).first()


def point(*, step: Step, lane: Lane) -> Card | None:
    """What a step has on the curve of a persona."""
    return Card.objects.filter(step=step, lane=lane, emotion__isnull=False).order_by("position", "pk").first()


def kind_of(part: Part) -> str:
    return type(part).__name__.lower()
