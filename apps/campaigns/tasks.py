import threading
import time

from celery import shared_task
from django.utils import timezone

from apps.campaigns.actions import delivering, limits, providers, running, signups, sweeping, tracking
from apps.core import stopping

_SECONDS_A_TASK = 45
_in_hand = threading.Lock()  # one message a process, so that killing it leaves one in doubt


@shared_task(name="campaigns.run_due")
def run_due() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    while running.run_due(now=timezone.now()) and time.monotonic() < until and not stopping.is_asked():
        pass


@shared_task(name="campaigns.sweep")
def sweep() -> None:
    sweeping.sweep(now=timezone.now())


@shared_task(name="campaigns.deliver_due")
def deliver_due() -> None:
    if not _in_hand.acquire(blocking=False):
        return  # another thread delivers, and goes on until nothing is due
    try:
        until = time.monotonic() + _SECONDS_A_TASK
        providers.look_again()
        while delivering.deliver_due(now=timezone.now()) and time.monotonic() < until and not stopping.is_asked():
            pass
    finally:
        _in_hand.release()


@shared_task(name="campaigns.judge_clicks")
def judge_clicks() -> None:
    while tracking.judge(now=timezone.now()) and not stopping.is_asked():
        pass


@shared_task(name="campaigns.mail_confirmations")
def mail_confirmations() -> None:
    signups.mail_due(now=timezone.now())


@shared_task(name="campaigns.watch_rates")
def watch_rates() -> None:
    limits.watch(now=timezone.now())
