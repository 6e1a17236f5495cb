from datetime import datetime

from django.db import OperationalError, connection, transaction

from apps.campaigns.actions import delivering
from apps.campaigns.models import Message
from apps.core import locks
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event


def opt_out(*, message: Message, everything: bool, now: datetime) -> None:
    """The recipient says no to the topic, or to everything on the channel. Safe to call any number of times. Commits
    first, then waits for a message that is just being handed over, at most the send deadline."""
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
            message_id=f"unsubscribe:{message.pk}:{'all' if everything else message.topic.key}",
            properties={"topic": "everything" if everything else message.topic.key, "message": message.pk},
        )
    _wait_for_hand_over(message)


def _wait_for_hand_over(message: Message) -> None:
    key = delivering.address_key(channel=message.channel, address=message.address)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true)",
                    [f"{int(delivering.deadline_seconds() * 1000)}ms"],
                )
            locks.wait_for([key])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "55P03":  # lock_not_available: the deadline is over
            raise
