"""A member of staff says in which stage a customer is: an interaction of theirs, which the fold reads. It holds until
the next step that moves on."""

from datetime import datetime

from apps.customers.models import Customer
from apps.journeys.models import Journey
from apps.staff.models import User
from apps.touchpoints.actions import ingest, log
from apps.touchpoints.enums import By, Channel, Event, SourceKind


class UnknownStage(ValueError):
    """The published map has no such stage."""


def set_stage(
    *, customer: Customer, journey: Journey, stage_key: str, note: str, by: User | None, now: datetime
) -> None:
    """Taken back like any entry by hand: by retracting it."""
    stages = journey.current_version.snapshot["stages"] if journey.current_version else []
    stage = next((stage for stage in stages if stage["key"] == stage_key), None)
    if stage is None:
        raise UnknownStage(f"{journey} has no such stage.")
    log.record(
        customer_id=customer.pk,
        event=Event.STAGE_SET.value,
        by=By.COMPANY,
        channel=Channel.WEB,
        at=now,
        received_at=now,
        message_id=ingest.own_message_id("stage"),
        properties={
            "journey": journey.pk,
            "stage": stage_key,
            "stage_name": stage["name"],
            "journey_name": journey.name,
            "note": note,
            "user": str(by) if by else "",
        },
        kind=SourceKind.STAFF,
    )
