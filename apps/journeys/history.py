"""Reads interactions as the fold sees them."""

from collections.abc import Iterator

from django.db.models import QuerySet

from apps.journeys.maps import Seen
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

_FIELDS = (
    "customer_id",
    "id",
    "occurred_at",
    "event",
    "by",
    "channel",
    "touchpoint__name",
    "properties",
    "origin",
)


def interactions(queryset: QuerySet[Interaction]) -> Iterator[tuple[int, Seen]]:
    """(customer, interaction) in (occurred_at, id) order."""
    for customer_id, *values in queryset.order_by("occurred_at", "id").values_list(*_FIELDS):
        yield customer_id, Seen(*values)


def without_retracted(rows: list[Seen]) -> list[Seen]:
    """A retracted entry never happened."""
    gone = {seen.properties.get("interaction") for seen in rows if seen.event == Event.RETRACTED}
    return [seen for seen in rows if seen.id not in gone] if gone else rows
