"""What is kept for a time only goes in small batches, each a short transaction. Stopping in between loses nothing: the
next run goes on with what is still there."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.core import health, locks, registry
from apps.core.registry import Pruner

logger = logging.getLogger(__name__)

BATCH = 5000
type Rows = Callable[[datetime], QuerySet[Any]]


def whole_rows(rows: Rows) -> Pruner:
    """Deletes what `rows` finds, and what belongs to it."""

    def batches(now: datetime, limit: int) -> Iterator[int]:
        gone = limit
        while gone == limit:
            gone = _delete(rows(now), limit)
            if gone:
                yield gone

    return Pruner(rows=rows, batches=batches)


@transaction.atomic
def _delete(rows: QuerySet[Any], limit: int) -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    rows.filter(pk__in=keys).delete()
    return len(keys)


def prune(*, now: datetime, goes_on: Callable[[], bool], limit: int = BATCH) -> dict[str, int]:
    """Until nothing is left or `goes_on` says no; how many rows of each kind went. One run at a time."""
    gone = dict.fromkeys(registry.pruners, 0)
    with locks.try_session_lock(locks.PRUNE) as is_free:
        if not is_free:
            return gone
        for name, pruner in registry.pruners.items():
            gone[name] = _run(name, pruner, now, limit, goes_on)
        health.tick("prune", now=now)
    return gone


def _run(name: str, pruner: Pruner, now: datetime, limit: int, goes_on: Callable[[], bool]) -> int:
    gone = 0
    try:
        batches = pruner.batches(now, limit)
        while goes_on() and (count := next(batches, None)) is not None:
            gone += count
    except Exception:
        logger.exception("pruning of %s failed; going on with the others", name)
    if gone:
        logger.info("pruned %s rows: %s", gone, name)
    return gone


def due(*, now: datetime) -> dict[str, int]:
    """How many rows of each kind a run would take away. Counts, so it may take a while."""
    return {name: pruner.rows(now).count() for name, pruner in registry.pruners.items()}
