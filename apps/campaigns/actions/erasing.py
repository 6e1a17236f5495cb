"""What campaigns do before and when a person is erased."""

from datetime import datetime

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.campaigns.actions import enrolling, optouts
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.models import Confirmation, Enrolment, Message, Suppression
from apps.core.registry import Person
from apps.customers.actions import erasing

_NOT_ON_THE_WAY = [MessageState.HELD, MessageState.QUEUED, MessageState.CLAIMED]


def stop(person: Person) -> None:
    """Nothing more begins for them; then waits for a message that is just being handed over, at most the send
    deadline."""
    _end_runs(person, timezone.now())
    for customer_id in person.customer_ids:
        for way in Way:
            optouts.wait_for_hand_over(customer_id=customer_id, channel=way.value)


@transaction.atomic
def _end_runs(person: Person, now: datetime) -> None:
    enrolling.exit_runs(Enrolment.objects.filter(customer__in=person.customer_ids), reason="erased", now=now)
    waiting = Message.objects.filter(customer__in=person.customer_ids, state__in=_NOT_ON_THE_WAY)
    waiting.update(state=MessageState.SKIPPED, reason="erased", lease_until=None)


def forget_suppressions(person: Person) -> int:
    """The keyed hash of the address refuses in their place."""
    count = Suppression.objects.filter(address__in=person.addresses).delete()[0]
    events = apps.get_model("campaigns", "SuppressionEvent")
    return count + erasing.delete_events(events, Q(address__in=person.addresses))


def suppressions_of(customer_id: int) -> list[dict[str, object]]:
    """For the person to read."""
    addresses = erasing.person_of(customer_ids=[customer_id]).addresses
    rows = Suppression.objects.filter(address__in=addresses).order_by("pk")
    return [dict(row) for row in rows.values("channel", "address", "reason", "created_at")]


def forget_confirmations(person: Person) -> int:
    return Confirmation.objects.filter(address__in=person.addresses).delete()[0]


def confirmations_of(customer_id: int) -> list[dict[str, object]]:
    """For the person to read."""
    addresses = erasing.person_of(customer_ids=[customer_id]).addresses
    return _told(Confirmation.objects.filter(address__in=addresses))


def asked_of(customer_id: int) -> list[dict[str, object]]:
    """What staff asked the person at an address that others have too."""
    addresses = erasing.person_of(customer_ids=[customer_id]).addresses
    return _told(Confirmation.objects.filter(customer=customer_id).exclude(address__in=addresses))


def _told(rows: QuerySet[Confirmation]) -> list[dict[str, object]]:
    fields = ("address", "channel", "wording", "asked_at", "confirmed_at")
    return [dict(row) for row in rows.order_by("pk").values(*fields)]
