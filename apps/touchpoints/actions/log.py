"""Interactions that Milepost or its staff write themselves."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core import wake
from apps.core.enums import Origin
from apps.customers.models import Customer
from apps.staff.models import User
from apps.touchpoints.actions import ingest
from apps.touchpoints.enums import By, Channel, Event, SourceKind
from apps.touchpoints.matching import Traffic
from apps.touchpoints.models import Interaction, Source, Touchpoint


class NotRetractable(ValueError):
    """Only what staff entered by hand can be retracted, and once."""


def own_source(kind: SourceKind) -> Source:
    """The one source of what staff or Milepost itself record."""
    found = Source.objects.filter(kind=kind).order_by("pk").first()
    if found is not None:
        return found
    name = str(kind.label)
    if Source.objects.filter(name=name).exists():  # somebody's own source has the name
        name = f"{name} ({kind.value})"
    return Source.objects.get_or_create(name=name, defaults={"kind": kind})[0]


@transaction.atomic
def record(
    *,
    customer_id: int,
    event: str,
    by: By,
    channel: Channel,
    at: datetime,
    received_at: datetime,
    message_id: str,
    properties: dict[str, Any] | None = None,
    kind: SourceKind = SourceKind.MILEPOST,
    touchpoint: Touchpoint | None = None,
) -> bool:
    """Writes an interaction and its change; False when this message id was recorded before."""
    traffic = Traffic(event, by.value, channel.value, properties or {}, {})
    row = {
        "customer_id": customer_id,
        "message_id": message_id,
        "occurred_at": at,
        "event": event,
        "by": by.value,
        "channel": channel.value,
        "touchpoint_id": touchpoint.pk if touchpoint else ingest.touchpoint_of(traffic),
        "properties": traffic.properties,
        "context": {},
    }
    origin = Origin.STAFF if kind is SourceKind.STAFF else Origin.LIVE
    stored = ingest.write_rows([row], source=own_source(kind), received_at=received_at, origin=origin)
    wake.on_commit("pipeline")
    return bool(stored)


def enter(
    *,
    customer: Customer,
    event: str,
    by: By,
    channel: Channel,
    at: datetime,
    now: datetime,
    note: str,
    user: User | None,
    touchpoint: Touchpoint | None = None,
) -> Interaction:
    """A member of staff, or a key of the API, logs what happened, such as a call or a visit to the store."""
    message_id = ingest.own_message_id("staff")
    record(
        customer_id=customer.pk,
        event=event,
        by=by,
        channel=channel,
        at=min(at, now),
        received_at=now,
        message_id=message_id,
        properties={"note": note} | ({"user": str(user), "user_id": user.pk} if user else {}),
        kind=SourceKind.STAFF,
        touchpoint=touchpoint,
    )
    return Interaction.objects.get(source=own_source(SourceKind.STAFF), message_id=message_id)


@transaction.atomic
def retract(*, interaction: Interaction, user: User | None, now: datetime) -> None:
    """Takes back a wrong entry by a second row; the first stays in the log, marked on the timeline."""
    if interaction.source.kind != SourceKind.STAFF or interaction.event == Event.RETRACTED:
        raise NotRetractable("Only entries made by hand can be retracted.")
    is_new = record(
        customer_id=interaction.customer_id,
        event=Event.RETRACTED.value,
        by=By.COMPANY,
        channel=Channel(interaction.channel),
        at=now,
        received_at=now,
        message_id=f"retract:{interaction.pk}",
        properties={"interaction": interaction.pk, "event": interaction.event, "user": str(user or "")},
        kind=SourceKind.STAFF,
    )
    if not is_new:
        raise NotRetractable("This entry has been retracted already.")
