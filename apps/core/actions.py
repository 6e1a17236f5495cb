"""The change queue: claim, lock, handle, commit. See docs/adr/0003-change-queue.md."""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.core import locks, registry, wake
from apps.core.enums import Origin
from apps.core.models import Change
from apps.core.registry import Batch, ClaimedChange

logger = logging.getLogger(__name__)

PASS_SIZE = 1000
LANES = 4  # passes that may run at once; each customer has one lane, so that two passes never want the same one
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 30, 120, 600, 3600)]
LIVE_CHANNEL = "milepost"
_IDS_IN_A_NOTIFICATION = 400

_CLAIM = """
    WITH claimed AS MATERIALIZED (
        SELECT id FROM core_change WHERE (due_at IS NULL OR due_at <= %s) AND (%s OR customer_id %% %s = %s)
        ORDER BY priority, id LIMIT %s FOR UPDATE SKIP LOCKED)
    DELETE FROM core_change c USING claimed WHERE c.id = claimed.id
    RETURNING c.id, c.customer_id, c.interaction_id, c.origin, c.attempts, c.priority
"""


def record_changes(*, customer_ids: Iterable[int], origin: Origin, interaction_id: int | None = None) -> None:
    """Called inside the transaction of the cause. Bulk origins wait behind live ones."""
    priority = 0 if origin.fires else 1
    Change.objects.bulk_create(
        Change(customer_id=pk, interaction_id=interaction_id, origin=origin, priority=priority) for pk in customer_ids
    )
    wake.on_commit("pipeline")


def run_pipeline(*, now: datetime, limit: int = PASS_SIZE, lane: int | None = None) -> int:
    """One pass over the queue, or over one lane of it; returns how many changes it took. Safe to run twice at once.

    A pass that fails as a whole is repeated customer by customer, so that one bad customer holds up nobody."""
    try:
        with transaction.atomic():
            claimed = _claim(now=now, limit=limit, lane=lane)
            _handle(list(claimed.values()), now=now)
    except Exception:
        logger.exception("a pipeline pass failed; going on customer by customer")
        return _one_by_one(now=now, limit=limit)
    return len(claimed)


def run_lanes(*, clock: Callable[[], datetime], goes_on: Callable[[], bool]) -> None:
    """Passes over every lane that no other worker has in hand, until nothing is due or `goes_on` says no."""
    handled = 1
    while handled and goes_on():
        handled = sum(_run_lane(lane, clock, goes_on) for lane in range(LANES))


def _run_lane(lane: int, clock: Callable[[], datetime], goes_on: Callable[[], bool]) -> int:
    handled = 0
    with locks.try_session_lock(locks.PASS + lane) as is_free:
        while is_free and goes_on() and (count := run_pipeline(now=clock(), lane=lane)):
            handled += count
    return handled


def _claim(*, now: datetime, limit: int, lane: int | None) -> dict[int, ClaimedChange]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, lane is None, LANES, lane or 0, limit])
        return {row[0]: ClaimedChange(*row[1:]) for row in sorted(cursor.fetchall())}


def _handle(claimed: list[ClaimedChange], *, now: datetime) -> None:
    if not claimed:
        return
    locked = locks.try_customers(list({change.customer_id for change in claimed}))
    put_back([change for change in claimed if change.customer_id not in locked], now=now)
    batch = Batch(changes=[change for change in claimed if change.customer_id in locked], now=now)
    if not batch.changes:
        return
    for order in sorted(registry.pipeline_handlers):
        registry.pipeline_handlers[order](batch)
    _notify(batch.customer_ids)


def put_back(changes: list[ClaimedChange], *, now: datetime) -> None:
    """Changes of customers that are in other hands, for a pass that comes a moment later."""
    Change.objects.bulk_create(
        Change(
            customer_id=change.customer_id,
            interaction_id=change.interaction_id,
            origin=change.origin,
            attempts=change.attempts,
            priority=change.priority,
            due_at=now + timedelta(milliseconds=200),
        )
        for change in changes
    )


def _one_by_one(*, now: datetime, limit: int) -> int:
    waiting = Change.objects.due(now).order_by("priority", "id").values_list("customer_id", flat=True)[:limit]
    for customer_id in dict.fromkeys(waiting):
        try:
            with transaction.atomic():
                _handle(_claim_customer(customer_id, now=now), now=now)
        except Exception as error:
            logger.exception("the pipeline failed for customer %s", customer_id)
            _postpone(customer_id, now=now, error=error)
    return len(waiting)


def _claim_customer(customer_id: int, *, now: datetime) -> list[ClaimedChange]:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_change WHERE id IN (SELECT id FROM core_change WHERE customer_id = %s"
            " AND (due_at IS NULL OR due_at <= %s) FOR UPDATE SKIP LOCKED)"
            " RETURNING id, customer_id, interaction_id, origin, attempts, priority",
            [customer_id, now],
        )
        return [ClaimedChange(*row[1:]) for row in sorted(cursor.fetchall())]


def _postpone(customer_id: int, *, now: datetime, error: Exception) -> None:
    with transaction.atomic():
        due = Change.objects.due(now).for_customers([customer_id]).select_for_update(skip_locked=True)
        for change in due:
            pause = RETRY_AFTER[min(change.attempts, len(RETRY_AFTER) - 1)]
            Change.objects.filter(pk=change.pk).update(
                attempts=change.attempts + 1,
                due_at=now + pause,
                error=f"{type(error).__name__}: {error}"[:500],
            )


def _notify(customer_ids: list[int]) -> None:
    """Tells open pages. Only workers notify, once a pass, because NOTIFY serialises commits."""
    with connection.cursor() as cursor:
        for start in range(0, len(customer_ids), _IDS_IN_A_NOTIFICATION):
            ids = customer_ids[start : start + _IDS_IN_A_NOTIFICATION]
            cursor.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, json.dumps(ids)])
