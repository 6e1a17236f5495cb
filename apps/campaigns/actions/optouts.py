from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction

from apps.campaigns.actions import handing
from apps.campaigns.enums import MessageState
from apps.campaigns.models import Message
from apps.core import locks
from apps.customers import selectors
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.customers.models import Customer, Topic
from apps.staff.models import User
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event

_MARGIN_SECONDS = 2  # a mark that is committed slowly comes before the deadline of its hand-over


def opt_out(*, message: Message, everything: bool, now: datetime) -> None:
    """The recipient says no to the topic, or to everything on the channel. Safe to call any number of times. Commits
    first, then waits for a message that is just being handed over, at most the send deadline."""
    topic = message.topic.key if message.topic else ""
    with transaction.atomic():
        consents.record(
            customer=message.customer,
            channel=message.channel,
            topic=None if everything else message.topic,
            choice=Choice.OUT,
            at=now,
            address=message.address,
            evidence=f"unsubscribe link of message {message.pk}",
        )
        Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now)
        log.record(
            customer_id=message.customer_id,
            event=Event.UNSUBSCRIBED.value,
            by=By.CUSTOMER,
            channel=Channel(message.channel),
            at=now,
            received_at=now,
            message_id=f"unsubscribe:{message.pk}:{'all' if everything else topic}",
            properties={"topic": "everything" if everything else topic, "message": message.pk},
        )
    wait_for_hand_over(customer_id=message.customer_id, channel=message.channel, address=message.address)


@dataclass(frozen=True)
class Told:
    """What somebody said to staff; no topic: of everything on the channel."""

    channel: str
    topic: Topic | None
    choice: Choice


def record_told(*, customer: Customer, told: Sequence[Told], evidence: str, by: User | None, now: datetime) -> None:
    """Commits first, then waits as above. A no is kept for the address too; a yes is not: what the reader of an address
    refused, only its reader can allow again."""
    with transaction.atomic():
        for one in told:
            consents.record(
                customer=customer,
                channel=one.channel,
                topic=one.topic,
                choice=one.choice,
                at=now,
                evidence=evidence,
                by=by,
            )
    addresses = selectors.addresses_of(customer)
    for channel in sorted({one.channel for one in told if one.choice is Choice.OUT}):
        wait_for_hand_over(customer_id=customer.pk, channel=channel, address=addresses.get(channel, ""))


def wait_for_hand_over(*, channel: str, customer_id: int = 0, address: str = "") -> None:
    """Until nothing of the customer, and nothing to the address, is being handed over any more, at most the send
    deadline and a margin. Called after the commit of an opt-out and before its answer."""
    in_hand = Message.objects.filter(
        customer_id=customer_id, channel=channel, state__in=[MessageState.CLAIMED, MessageState.SENDING]
    )
    addresses = {address, *in_hand.values_list("address", flat=True)} - {""}
    keys = [handing.address_key(channel=channel, address=one) for one in addresses]
    milliseconds = int((handing.deadline_seconds() + _MARGIN_SECONDS) * 1000)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
            locks.wait_for(keys)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "55P03":  # lock_not_available: the deadline is over
            raise
