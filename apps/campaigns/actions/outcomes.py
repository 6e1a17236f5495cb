"""What became of a message, written down by the table of domain.md."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.campaigns.channels import Outcome, Result
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.models import Message
from apps.core import prepared
from apps.touchpoints import enums
from apps.touchpoints.actions import ingest
from apps.touchpoints.matching import Traffic

logger = logging.getLogger(__name__)

SCHEDULE = [timedelta(seconds=s) for s in (30, 120, 600, 1800, 7200, 21600, 43200, 86400)]
LONGEST_PAUSE = timedelta(hours=24)

TROUBLE = (OperationalError, InterfaceError)  # of the database or the way to it

# The message, its interaction and the change of its customer are one statement, which may mark the next message too.
_SENT = """
    sent AS (
        UPDATE campaigns_message SET state = 'sent', sent_at = %(sent_at)s, provider = %(provider)s,
            provider_id = %(provider_id)s, lease_until = NULL, reason = ''
        WHERE id = %(sent)s AND fence = %(sent_fence)s AND state = 'sending' RETURNING customer_id),
    logged AS (
        INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, received_at, event, by,
            channel, touchpoint_id, origin, properties, context)
        SELECT customer_id, %(source)s, %(message_id)s, %(sent_at)s, %(sent_at)s, %(event)s, 'company', %(channel)s,
            %(touchpoint)s::bigint, 'live', %(properties)s::jsonb, '{}' FROM sent WHERE %(is_told)s
        ON CONFLICT (source_id, message_id) DO NOTHING RETURNING id, customer_id),
    changed AS (
        INSERT INTO core_change (customer_id, interaction_id, origin, priority)
        SELECT customer_id, id, 'live', 0 FROM logged)
"""


@dataclass(frozen=True)
class Sent:
    """Accepted by a provider. `source_id`: of what Milepost itself records."""

    message: Message
    fence: int
    subject: str
    provider: str
    provider_id: str
    at: datetime
    source_id: int

    @property
    def pk(self) -> int:
        return self.message.pk


def move(pk: int, fence: int, from_state: MessageState, **changes: object) -> bool:
    """One row by its state and fence; False when another worker has it."""
    return bool(Message.objects.filter(pk=pk, fence=fence, state=from_state).update(**changes))


def record_sent(sent: Sent) -> None:
    """A webhook is not told on the timeline."""
    prepared.fetch(f"WITH {_SENT} SELECT 1", _values(sent))


def record_and(sent: Sent | None, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """With what is to be in the same commit: the last CTE and what it selects; answers the rows of that."""
    if sent is None:
        return prepared.fetch(f"WITH {statement}", values)
    return prepared.fetch(f"WITH {_SENT}, {statement}", values | _values(sent))


def _values(sent: Sent) -> dict[str, Any]:
    message = sent.message
    properties = {
        "message": message.pk,
        "campaign": message.enrolment.campaign.name,
        "subject": sent.subject,
        "topic": message.topic.key if message.topic else "",
    }
    event = enums.Event.MESSAGE_SENT.value
    is_told = message.channel != Way.WEBHOOK
    traffic = Traffic(event, enums.By.COMPANY.value, message.channel, properties, {})
    return {
        "sent": message.pk, "sent_fence": sent.fence, "sent_at": sent.at, "provider": sent.provider[:20],
        "provider_id": sent.provider_id[:200], "source": sent.source_id,
        "message_id": f"message:{message.pk}", "event": event, "channel": message.channel, "is_told": is_told,
        "touchpoint": ingest.touchpoint_of(traffic) if is_told else None,
        "properties": orjson.dumps(properties).decode(),
    }  # fmt: skip


def put_back(pk: int, fence: int) -> None:
    """What is certain not to have been handed over."""
    in_hand = Message.objects.filter(pk=pk, fence=fence, state__in=[MessageState.CLAIMED, MessageState.SENDING])
    in_hand.update(state=MessageState.QUEUED, lease_until=None)


def record(message: Message, fence: int, result: Result, *, now: datetime) -> None:
    """An outcome that is not SENT."""
    detail = result.detail[:300] or "refused without a reason"
    if result.outcome is Outcome.UNKNOWN and message.is_uncertain:
        # Repeated once already: a server that never answers in time may have taken both.
        _fail(message.pk, fence, f"outcome unknown twice: {detail}")
    elif result.outcome is Outcome.UNKNOWN:
        # A gateway that gives up will not be well again at once.
        pause = SCHEDULE[min(message.attempt, len(SCHEDULE) - 1)] if result.is_ours else timedelta(0)
        after_unknown(message.pk, fence, detail, now + pause)
    elif result.outcome is Outcome.PERMANENT:
        _fail(message.pk, fence, detail)
    elif message.attempt >= len(SCHEDULE):
        _fail(message.pk, fence, f"gave up after {message.attempt} attempts: {detail}")
    else:
        _requeue(message, fence, result, now)


def _fail(pk: int, fence: int, reason: str) -> None:
    move(pk, fence, MessageState.SENDING, state=MessageState.FAILED, reason=reason[:300], lease_until=None)


def _requeue(message: Message, fence: int, result: Result, now: datetime) -> None:
    pause = SCHEDULE[message.attempt] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads retries, keeps no secret
    if result.retry_after is not None:
        pause = max(pause, min(result.retry_after, LONGEST_PAUSE))
    move(
        message.pk,
        fence,
        MessageState.SENDING,
        state=MessageState.QUEUED,
        reason=result.detail[:300],
        attempt=message.attempt + 1,
        due_at=now + pause,
        lease_until=None,
    )


def after_unknown(pk: int, fence: int, detail: str, due_at: datetime) -> None:
    """One repeat with the same Message-ID, marked; attempts used up, it is left to staff."""
    attempt = Message.objects.values_list("attempt", flat=True).get(pk=pk)
    if attempt >= len(SCHEDULE):
        _fail(pk, fence, f"gave up after {attempt} attempts: {detail}")
        return
    move(
        pk,
        fence,
        MessageState.SENDING,
        state=MessageState.QUEUED,
        is_uncertain=True,
        reason=detail[:300],
        attempt=attempt + 1,
        due_at=due_at,
        lease_until=None,
    )


def patiently(record: Callable[[], object], *, otherwise: Callable[[], None]) -> None:
    """The message has left: what became of it must be written even when the database comes back only now. `otherwise`:
    told that the session is a new one."""
    until = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    while True:
        try:
            record()
        except TROUBLE as error:
            if time.monotonic() > until:
                raise
            logger.warning("cannot record an outcome yet: %s", type(error).__name__)
            connection.close()
            otherwise()
            time.sleep(0.5)
        else:
            return
