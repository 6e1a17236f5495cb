import time

from celery import shared_task

from apps.core import stopping
from apps.touchpoints.actions import vocabulary

_SECONDS_A_TASK = 20


@shared_task(name="touchpoints.note_vocabulary")
def note_vocabulary() -> None:
    until = time.monotonic() + _SECONDS_A_TASK
    while vocabulary.note_next() and time.monotonic() < until and not stopping.is_asked():
        pass
    vocabulary.forget_oldest()
