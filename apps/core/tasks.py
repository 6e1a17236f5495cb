import time

from celery import shared_task
from django.utils import timezone

from apps.core import actions, stopping

_SECONDS_A_TASK = 45


@shared_task(name="core.run_pipeline")
def run_pipeline() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    actions.run_lanes(clock=timezone.now, goes_on=lambda: time.monotonic() < until and not stopping.is_asked())
