"""Wake-ups: "look now", at most one a second a queue, sent from a thread of its own, so that a broker that is away
never holds up or fails a request. What is lost here the sweeps of config/celery.py find."""

import logging
import threading
import time

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

# What is wanted: the task that looks, and its queue.
TASKS = {
    "pipeline": ("core.run_pipeline", "pipeline"),
    "run": ("campaigns.run_due", "run"),
    "deliver": ("campaigns.deliver_due", "deliver"),
    "jobs": ("core.run_jobs", "jobs"),
    "segments": ("customers.keep_segments", "jobs"),
}
_PAUSE_SECONDS = 1.0


class _Waker:
    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    def want(self, queue: str) -> None:
        with self._condition:
            self._wanted.add(queue)
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._wanted:
                    self._condition.wait()
                queues, self._wanted = self._wanted, set()
            for queue in queues:
                _publish(queue)
            time.sleep(_PAUSE_SECONDS)


def _publish(wanted: str) -> None:
    task, queue = TASKS[wanted]
    try:
        current_app.send_task(task, queue=queue, retry=False, expires=30)
    except Exception as error:  # noqa: BLE001 - any trouble with the broker is only a lost hint
        logger.warning("no wake-up for %s: %s", queue, type(error).__name__)


_waker = _Waker()


def on_commit(queue: str) -> None:
    transaction.on_commit(lambda: _waker.want(queue), robust=True)
