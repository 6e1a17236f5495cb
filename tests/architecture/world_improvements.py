"""A map of their own for the pages of improvements: other pages of the walk write the first one anew."""

from apps.journeys import wire
from apps.journeys.actions import drafts
from apps.journeys.models import Card
from tests.journeys.maps import SHOP


def of_improvements() -> dict[str, dict]:
    journey = drafts.import_text(text=wire.read(SHOP | {"name": "To be improved"}))
    card = {"pk": Card.objects.get(step__stage__journey=journey).pk}
    return {"improvement_detail": card, "improvement_change": card, "improvement_customers": card}
