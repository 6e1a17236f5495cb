"""Whether this process was asked to stop: loops of long tasks look here between two units of work, so that SIGTERM
loses nothing and repeats nothing."""

import threading
from typing import Any

from celery.signals import worker_shutting_down

_asked = threading.Event()


def is_asked() -> bool:
    return _asked.is_set()


@worker_shutting_down.connect(weak=False, dispatch_uid="core.stopping")
def _note(**_kwargs: Any) -> None:
    _asked.set()
