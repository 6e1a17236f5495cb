"""Delivery: claim a set, then one by one gate, mark, send, record. The promise: architecture.md §4; the states:
domain.md. Every change of state names the state and the fence it comes from, so that of two workers one wins."""

import hashlib
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from apps.campaigns import contents, gate, liquid
from apps.campaigns.channels import Channel, Outcome, Outgoing, Result
from apps.campaigns.channels.email import Smtp
from apps.campaigns.channels.keep import Keep
from apps.campaigns.enums import MessageState
from apps.campaigns.models import Message
from apps.core import locks, stopping
from apps.core.models import CompanySettings
from apps.customers import folding
from apps.touchpoints import enums
from apps.touchpoints.actions import log

logger = logging.getLogger(__name__)

type Clock = Callable[[], datetime]

CLAIM_SIZE = 20
ADDRESS_PAUSE = timedelta(seconds=5)
SCHEDULE = [timedelta(seconds=s) for s in (30, 120, 600, 1800, 7200, 21600, 43200, 86400)]

_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM campaigns_message WHERE state = 'queued' AND due_at <= %s
        ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE campaigns_message m SET state = 'claimed', fence = m.fence + 1, lease_until = %s
    FROM due WHERE m.id = due.id RETURNING m.id, m.fence
"""


def lease() -> timedelta:
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def deadline_seconds() -> float:
    """Well within the lease, so that a message that is still on its way is not taken for lost."""
    return min(10.0, float(settings.DELIVERY_LEASE_SECONDS) / 3)


@cache
def email_channel(url: str) -> Channel:
    return Smtp(url) if url else Keep()


def deliver_due(
    *, now: datetime, limit: int = CLAIM_SIZE, channel: Channel | None = None, clock: Clock = timezone.now
) -> int:
    """One claimed set; returns how many it took. Safe to run any number of times at once. The demo names a channel
    that keeps all messages and a clock that goes in the past."""
    recover_expired(now=now)
    claimed = claim(now=now, limit=limit)
    for position, (pk, fence) in enumerate(claimed):
        if stopping.is_asked():
            _release(claimed[position:])
            break
        deliver(pk=pk, fence=fence, channel=channel, clock=clock)
    return len(claimed)


def claim(*, now: datetime, limit: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, limit, now + lease()])
        return sorted(cursor.fetchall())


def _release(claimed: list[tuple[int, int]]) -> None:
    for pk, fence in claimed:
        _move(pk, fence, MessageState.CLAIMED, state=MessageState.QUEUED, lease_until=None)


def recover_expired(*, now: datetime) -> None:
    """Rows of workers that died: what was only claimed simply returns; what was being sent may have arrived, so it is
    repeated with the same Message-ID, marked."""
    expired = Message.objects.expired(now)
    expired.filter(state=MessageState.CLAIMED).update(state=MessageState.QUEUED, lease_until=None)
    for pk, fence in expired.filter(state=MessageState.SENDING).values_list("pk", "fence"):
        _after_unknown(pk, fence, "the worker stopped while sending", now)


def deliver(*, pk: int, fence: int, channel: Channel | None = None, clock: Clock = timezone.now) -> None:
    """Without a channel, by the one of the settings."""
    recipient = Message.objects.filter(pk=pk).values_list("channel", "address").first()
    if recipient is None:
        return
    way, address = recipient
    with locks.try_session_lock(address_key(channel=way, address=address)) as is_free:
        if is_free:
            _deliver_locked(pk, fence, channel or email_channel(settings.EMAIL_URL), clock)
        else:  # in the hands of another worker, which may be frozen: nobody waits for it
            later = clock() + ADDRESS_PAUSE
            _move(pk, fence, MessageState.CLAIMED, state=MessageState.QUEUED, due_at=later, lease_until=None)


def address_key(*, channel: str, address: str) -> int:
    """An opt-out waits for this lock, so that nothing is handed over after it was answered."""
    return locks.key_of(locks.ADDRESS, f"{channel}:{folding.address(channel=channel, value=address)}")


def _deliver_locked(pk: int, fence: int, channel: Channel, clock: Clock) -> None:
    message = (
        Message.objects.select_related("enrolment__campaign", "step", "customer", "topic", "invitation__survey")
        .filter(pk=pk, fence=fence, state=MessageState.CLAIMED)
        .first()
    )
    if message is None:
        return  # another worker took it over
    verdict = gate.ask(message)
    if not verdict.passes:
        state = MessageState.SKIPPED if verdict.is_final else MessageState.HELD
        _move(pk, fence, MessageState.CLAIMED, state=state, reason=verdict.reason, lease_until=None)
        return
    company = CompanySettings.current()
    try:
        content = contents.fill(message, company)
    except liquid.TemplateError as error:
        reason = f"template: {error}"[:300]
        _move(pk, fence, MessageState.CLAIMED, state=MessageState.SKIPPED, reason=reason, lease_until=None)
        return
    _send(message, fence, content, company, channel=channel, clock=clock)


def _send(
    message: Message,
    fence: int,
    content: contents.Content,
    company: CompanySettings,
    *,
    channel: Channel,
    clock: Clock,
) -> None:
    marked = _move(
        message.pk,
        fence,
        MessageState.CLAIMED,
        state=MessageState.SENDING,
        lease_until=clock() + lease(),
        subject=content.subject,
        text=content.text,
    )
    if not marked:
        return
    result = channel.send(_outgoing(message, content, company), deadline_seconds=deadline_seconds())
    _patiently(lambda: _record(message, fence, result, channel.name, clock()))


def _outgoing(message: Message, content: contents.Content, company: CompanySettings) -> Outgoing:
    return Outgoing(
        identity=identity_of(message.key),
        sender_name=company.sender_name or company.name,
        sender=company.sender_email,
        recipient=message.address,
        recipient_name=message.customer.name,
        subject=content.subject,
        text=content.text,
        html=content.html,
        unsubscribe_url=content.unsubscribe_url,
    )


def identity_of(key: str) -> str:
    """Of Message-ID and provider keys: made of the message's key, equal on every attempt."""
    return hashlib.sha256(f"milepost:{key}".encode()).hexdigest()[:32]


def _record(message: Message, fence: int, result: Result, provider: str, now: datetime) -> None:
    if result.outcome is Outcome.UNKNOWN and message.is_uncertain:
        # Repeated once already: a server that never answers in time may have taken both.
        reason = f"outcome unknown twice: {result.detail}"[:300]
        _move(message.pk, fence, MessageState.SENDING, state=MessageState.FAILED, reason=reason, lease_until=None)
    elif result.outcome is Outcome.UNKNOWN:
        _after_unknown(message.pk, fence, result.detail, now)
    elif result.outcome is Outcome.PERMANENT:
        _move(
            message.pk,
            fence,
            MessageState.SENDING,
            state=MessageState.FAILED,
            reason=result.detail,
            lease_until=None,
        )
    elif result.outcome is Outcome.RETRY:
        _after_refusal(message.pk, fence, message.attempt, result.detail, now)
    else:
        _record_sent(message, fence, provider, now)


@transaction.atomic
def _record_sent(message: Message, fence: int, provider: str, now: datetime) -> None:
    sent = _move(
        message.pk,
        fence,
        MessageState.SENDING,
        state=MessageState.SENT,
        sent_at=now,
        provider=provider,
        lease_until=None,
        reason="",
    )
    if sent:
        log.record(
            customer_id=message.customer_id,
            event=enums.Event.MESSAGE_SENT.value,
            by=enums.By.COMPANY,
            channel=enums.Channel(message.channel),
            at=now,
            received_at=now,
            message_id=f"message:{message.pk}",
            properties={
                "message": message.pk,
                "campaign": message.enrolment.campaign.name,
                "subject": Message.objects.values_list("subject", flat=True).get(pk=message.pk),
                "topic": message.topic.key,
            },
        )


def _after_refusal(pk: int, fence: int, attempt: int, detail: str, now: datetime) -> None:
    if attempt >= len(SCHEDULE):
        reason = f"gave up after {attempt} attempts: {detail}"[:300]
        _move(pk, fence, MessageState.SENDING, state=MessageState.FAILED, reason=reason, lease_until=None)
        return
    _requeue(pk, fence, attempt, detail, now)


def _after_unknown(pk: int, fence: int, detail: str, now: datetime) -> None:
    attempt = Message.objects.values_list("attempt", flat=True).get(pk=pk)
    if attempt >= len(SCHEDULE):
        reason = f"outcome unknown after {attempt} attempts: {detail}"[:300]
        _move(
            pk,
            fence,
            MessageState.SENDING,
            state=MessageState.FAILED,
            reason=reason,
            lease_until=None,
            is_uncertain=True,
        )
        return
    _move(
        pk,
        fence,
        MessageState.SENDING,
        state=MessageState.QUEUED,
        is_uncertain=True,
        reason=detail[:300],
        attempt=attempt + 1,
        due_at=now,
        lease_until=None,
    )


def _requeue(pk: int, fence: int, attempt: int, detail: str, now: datetime) -> None:
    pause = SCHEDULE[attempt] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads retries, keeps no secret
    _move(
        pk,
        fence,
        MessageState.SENDING,
        state=MessageState.QUEUED,
        reason=detail[:300],
        attempt=attempt + 1,
        due_at=now + pause,
        lease_until=None,
    )


def _move(pk: int, fence: int, from_state: MessageState, **changes: object) -> bool:
    """One row by its state and fence; False when another worker has it."""
    return bool(Message.objects.filter(pk=pk, fence=fence, state=from_state).update(**changes))


def _patiently(record: Callable[[], None]) -> None:
    """The message has left: what became of it must be written even when the database comes back only now."""
    until = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    while True:
        try:
            record()
            return
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until:
                raise
            logger.warning("cannot record an outcome yet: %s", type(error).__name__)
            connection.close()
            time.sleep(0.5)


def replay(*, message: Message, now: datetime) -> bool:
    """Staff send a failed message again: one more attempt, the same key."""
    return bool(
        Message.objects.filter(pk=message.pk, state=MessageState.FAILED).update(
            state=MessageState.QUEUED, attempt=message.attempt + 1, due_at=now, reason=""
        )
    )
