import time

from celery import shared_task
from django.utils import timezone

from apps.core import actions, health, jobs, pruning, stopping

_SECONDS_A_TASK = 45


@shared_task(name="core.run_pipeline")
def run_pipeline() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    actions.run_lanes(clock=timezone.now, goes_on=lambda: time.monotonic() < until and not stopping.is_asked())


@shared_task(name="core.run_jobs")
def run_jobs() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    jobs.run_due(clock=timezone.now, goes_on=lambda: time.monotonic() < until and not stopping.is_asked())


@shared_task(name="core.prune")
def prune() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    pruning.prune(now=timezone.now(), goes_on=lambda: time.monotonic() < until and not stopping.is_asked())


@shared_task(name="core.tick")
def tick() -> None:
    """Beat was heard, by a worker that works."""
    health.tick("beat", now=timezone.now())
