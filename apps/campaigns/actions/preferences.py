"""What people choose on their page of preferences."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.campaigns import preferences
from apps.campaigns.actions import optouts
from apps.campaigns.enums import Way
from apps.campaigns.models import Message
from apps.campaigns.preferences import Choice
from apps.customers import enums
from apps.customers.actions import consents
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event


def save(*, message: Message, shown: Collection[str], yes: Collection[str], now: datetime) -> None:
    """What stood on the page that was sent back and is different now; a topic that came since is not answered. Commits
    first, then waits for what is just being handed over."""
    choices = [choice for line in preferences.page_of(message) for choice in line.choices if choice.name in shown]
    changed = [choice for choice in choices if choice.is_yes != (choice.name in yes)]
    with transaction.atomic():
        for choice in changed:
            _record(message, choice, now)
        _tell(message, [choice for choice in changed if choice.is_yes], now)
    _wait(message, {choice.way: choice.address for choice in changed if choice.is_yes})


def stop_everything(*, message: Message, now: datetime) -> None:
    """On every channel of the page."""
    addresses = preferences.addresses_of(message)
    with transaction.atomic():
        for way, address in addresses:
            consents.record(
                customer=message.customer,
                channel=way.value,
                topic=None,
                choice=enums.Choice.OUT,
                at=now,
                address=address,
                evidence=_evidence(message, "everything off"),
            )
        Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now)
        _log(message, Channel(message.channel), "everything", now)
    _wait(message, dict(addresses))


def _record(message: Message, choice: Choice, now: datetime) -> None:
    """`is_yes` is what was said before."""
    said = enums.Choice.OUT if choice.is_yes else enums.Choice.IN
    consents.record(
        customer=message.customer,
        channel=choice.way.value,
        topic=choice.topic,
        choice=said,
        at=now,
        address=choice.address,
        evidence=_evidence(message, f"“{choice.label}”: {said.value}"),
    )


def _evidence(message: Message, said: str) -> str:
    return f"preferences page, version {preferences.VERSION}, from message {message.pk}; {said}"


def _tell(message: Message, gone: list[Choice], now: datetime) -> None:
    for choice in gone:
        _log(message, Channel(choice.way.value), choice.topic.key, now)
        if choice.way == message.channel and choice.topic.pk == message.topic_id:
            Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now)


def _log(message: Message, channel: Channel, topic: str, now: datetime) -> None:
    log.record(
        customer_id=message.customer_id,
        event=Event.UNSUBSCRIBED.value,
        by=By.CUSTOMER,
        channel=channel,
        at=now,
        received_at=now,
        message_id=f"preferences:{message.pk}:{channel.value}:{topic}:{int(now.timestamp())}"[:100],
        properties={"topic": topic, "message": message.pk},
    )


def _wait(message: Message, addresses: dict[Way, str]) -> None:
    for way, address in addresses.items():
        optouts.wait_for_hand_over(customer_id=message.customer_id, channel=way.value, address=address)
