from collections.abc import Sequence

from apps.touchpoints.enums import Channel, Event
from apps.touchpoints.models import Interaction, RefusedItem, Source

_SCANNED = 2000
LATEST = 20


def latest_of_source(source: Source) -> list[Interaction]:
    """The source's newest interactions among the newest of all; a bounded scan by primary key."""
    newest = Interaction.objects.order_by("-pk").values("pk")[:_SCANNED]
    found = Interaction.objects.filter(pk__in=newest, source=source).select_related("customer")
    return list(found.order_by("-pk")[:LATEST])


def refused_by(source: Source) -> list[RefusedItem]:
    return list(source.refused_items.order_by("-received_at", "-pk")[:LATEST])


def retracted_ids(customer_id: int, interaction_ids: Sequence[int]) -> set[int]:
    """Which of these were taken back by a later row."""
    if not interaction_ids:
        return set()
    retractions = Interaction.objects.filter(
        customer_id=customer_id,
        event=Event.RETRACTED,
        message_id__in=[f"retract:{pk}" for pk in interaction_ids],
    )
    return {int(properties["interaction"]) for properties in retractions.values_list("properties", flat=True)}


def channel_label(value: str) -> str:
    return str(Channel(value).label) if value in Channel.values else value
