"""Delivery: claim a set, then one by one gate, mark, send, record (handing.py). The promise: architecture.md §4; the
states: domain.md. Every change of state names the state and the fence it comes from: of two workers one wins."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.campaigns.actions import outcomes, providers
from apps.campaigns.actions.handing import Hand
from apps.campaigns.actions.providers import Allowance
from apps.campaigns.channels import Channel
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.models import Message
from apps.core import stopping, wake
from apps.core.registry import Batch
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

type Clock = Callable[[], datetime]

CLAIM_SIZE = 100
RELEASE_SIZE = 1000
_OF_THE_LEASE = 0.7  # what is not handed over by then goes back, before others take it for lost

# What is due first. A customer's limits are kept for messages of a higher priority by the gate.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM campaigns_message WHERE state = 'queued' AND due_at <= %s AND channel = %s
            AND NOT address = ANY(%s)
        ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE campaigns_message m SET state = 'claimed', fence = m.fence + 1, lease_until = %s
    FROM due WHERE m.id = due.id RETURNING m.id, m.fence
"""

_RELEASE = """
    WITH due AS MATERIALIZED (
        SELECT id FROM campaigns_message WHERE state = 'held' AND is_held_until_due AND due_at <= %s
        ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE campaigns_message m SET state = 'queued', reason = ''
    FROM due WHERE m.id = due.id
"""


def lease() -> timedelta:
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def deliver_due(
    *, now: datetime, limit: int = CLAIM_SIZE, channel: Channel | None = None, clock: Clock = timezone.now
) -> int:
    """One claimed set of each way; returns how many it took. Safe to run any number of times at once. The demo names a
    channel that keeps all messages and a clock that goes in the past."""
    began = time.monotonic()
    recover_expired(now=now)
    release_held(now=now)
    taken = 0
    for way in Way:
        at = now + timedelta(seconds=time.monotonic() - began)  # the set of the way before may have taken long
        allowed = Allowance(limit) if channel is not None else providers.allowance(way=way, wanted=limit, now=at)
        count = _deliver_set(claim(now=at, limit=allowed.count, way=way), channel, clock) if allowed.count else 0
        taken += count
        if allowed.is_by_rate and count == allowed.count and Message.objects.due(at).filter(channel=way).exists():
            wake.on_commit("deliver")  # in a second
    return taken


def _deliver_set(claimed: list[tuple[int, int]], channel: Channel | None, clock: Clock) -> int:
    if not claimed:
        return 0
    until = time.monotonic() + settings.DELIVERY_LEASE_SECONDS * _OF_THE_LEASE
    hand = Hand([pk for pk, _fence in claimed], channel=channel, clock=clock)
    try:
        for position, (pk, fence) in enumerate(claimed):
            if stopping.is_asked() or hand.is_stopped or time.monotonic() > until:
                _release(claimed[position:])
                break
            hand.take(pk, fence)
    finally:
        hand.put_down()
    return len(claimed)


def claim(*, now: datetime, limit: int, way: Way = Way.EMAIL) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, way.value, providers.closed_endpoints(way=way, now=now), limit, now + lease()])
        return sorted(cursor.fetchall())


def _release(claimed: list[tuple[int, int]]) -> None:
    for pk, fence in claimed:
        outcomes.move(pk, fence, MessageState.CLAIMED, state=MessageState.QUEUED, lease_until=None)


def recover_expired(*, now: datetime) -> None:
    """Rows of workers that died: what was only claimed simply returns; what was being sent may have arrived, so it is
    repeated with the same Message-ID, marked."""
    expired = Message.objects.expired(now)
    expired.filter(state=MessageState.CLAIMED).update(state=MessageState.QUEUED, lease_until=None)
    for pk, fence in expired.filter(state=MessageState.SENDING).values_list("pk", "fence"):
        outcomes.after_unknown(pk, fence, "the worker stopped while sending", now)


def release_held(*, now: datetime) -> None:
    """What the clock held is due now; the gate is asked again."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [now, RELEASE_SIZE])


def look_at_closed_cases(batch: Batch) -> None:
    """Pipeline handler: what waited for a case that was closed is due at once, and the gate is asked again."""
    ids = [change.interaction_id for change in batch.changes if change.interaction_id is not None]
    closed = Interaction.objects.filter(pk__in=ids, event=Event.CASE_CLOSED.value).values("customer_id")
    held = Message.objects.filter(state=MessageState.HELD, is_held_until_due=True, customer__in=closed)
    if held.update(due_at=batch.now):
        wake.on_commit("deliver")


def deliver(*, pk: int, fence: int, channel: Channel | None = None, clock: Clock = timezone.now) -> None:
    """Without a channel, by the one of the settings."""
    _deliver_set([(pk, fence)], channel, clock)


def replay(*, message: Message, now: datetime) -> bool:
    """Staff send a failed message again: one more attempt, the same key."""
    return bool(
        Message.objects.filter(pk=message.pk, state=MessageState.FAILED).update(
            state=MessageState.QUEUED, attempt=message.attempt + 1, due_at=now, reason=""
        )
    )


def replay_all(*, campaign_id: int | None, now: datetime) -> int:
    """Every failed message, or those of one campaign; returns how many."""
    failed = Message.objects.filter(state=MessageState.FAILED)
    if campaign_id is not None:
        failed = failed.filter(enrolment__campaign=campaign_id)
    return sum(replay(message=message, now=now) for message in failed.order_by("pk").only("pk", "attempt").iterator())
