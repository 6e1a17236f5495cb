"""Runs the steps of due enrolments, a claimed set at a time: one transaction, rows locked, what steps do made in it.
Runs that stand at the same step are taken together, so that a set costs a few statements and not a few a customer."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.campaigns.actions.stepping import HANDLERS
from apps.campaigns.actions.walk import Run, Walk
from apps.campaigns.models import CampaignStep, Enrolment
from apps.core import wake

logger = logging.getLogger(__name__)

SET_SIZE = 1000
RETRY_AFTER = [timedelta(minutes=m) for m in (1, 10, 60, 360)]

_WRITE = """
    UPDATE campaigns_enrolment e SET position = r.position, due_at = r.due_at, waits_since = r.waits_since,
        is_waiting_for = r.is_waiting_for,
        happened_at = CASE WHEN r.waits_since IS NULL THEN NULL ELSE e.happened_at END,
        state = r.state, exit_reason = r.exit_reason, ended_at = CASE WHEN r.state = 'active' THEN NULL ELSE %s END,
        error = ''
    FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::text[], %s::text[])
        AS r(id, position, due_at, waits_since, is_waiting_for, state, exit_reason)
    WHERE e.id = r.id AND e.state = 'active'
"""


def run_due(*, now: datetime, limit: int = SET_SIZE) -> int:
    """Takes one set of due enrolments as far as their next wait; returns how many. A set that fails is repeated one
    by one, so that a bad enrolment is named and holds up nobody."""
    try:
        with transaction.atomic():
            runs = _claim(now, limit)
            _advance_all(runs, now)
    except Exception:
        logger.exception("a set of enrolments failed; going on one by one")
        return _one_by_one(now, limit)
    return len(runs)


def _claim(now: datetime, limit: int, **only: Any) -> list[Run]:
    due = Enrolment.objects.due(now).filter(**only).order_by("due_at", "pk")
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    fields = ("pk", "campaign_id", "version_id", "customer_id", "position", "due_at", "waits_since", "happened_at")
    return [Run(*values) for values in locked.values_list(*fields)[:limit]]


def _one_by_one(now: datetime, limit: int) -> int:
    ids = list(Enrolment.objects.due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    for pk in ids:
        try:
            with transaction.atomic():
                _advance_all(_claim(now, 1, pk=pk), now)
        except Exception as error:
            logger.exception("enrolment %s failed", pk)
            _postpone(pk, now, error)
    return len(ids)


def _postpone(pk: int, now: datetime, error: Exception) -> None:
    run = Enrolment.objects.active().filter(pk=pk).first()
    if run is not None:
        pause = RETRY_AFTER[min(run.attempts, len(RETRY_AFTER) - 1)]
        Enrolment.objects.active().filter(pk=pk, attempts=run.attempts).update(
            attempts=run.attempts + 1, due_at=now + pause, error=f"{type(error).__name__}: {error}"[:500]
        )


def _advance_all(runs: list[Run], now: datetime) -> None:
    if not runs:
        return
    steps = _steps({run.version_id for run in runs})
    walk = Walk(now)
    while waiting := [run for run in runs if not run.is_settled]:
        for place, group in _by_place(waiting).items():
            step = steps.get(place)
            if step is None:  # behind the last step
                for run in group:
                    run.end("finished")
            else:
                HANDLERS[step.kind](walk, step, group)
    walk.finish()
    _write(runs, now)
    wake.on_commit("deliver")


def _steps(version_ids: Iterable[int]) -> Mapping[tuple[int, int | None], CampaignStep]:
    rows = CampaignStep.objects.filter(version_id__in=list(version_ids)).select_related("topic", "version__campaign")
    return {(step.version_id, step.position): step for step in rows}


def _by_place(runs: Iterable[Run]) -> dict[tuple[int, int | None], list[Run]]:
    found: dict[tuple[int, int | None], list[Run]] = {}
    for run in runs:
        found.setdefault((run.version_id, run.position), []).append(run)
    return found


def _write(runs: list[Run], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                now,
                [run.pk for run in runs],
                [run.last_position for run in runs],
                [run.due_at for run in runs],
                [run.waits_since for run in runs],
                [run.is_waiting_for for run in runs],
                [run.state for run in runs],
                [run.exit_reason for run in runs],
            ],
        )
