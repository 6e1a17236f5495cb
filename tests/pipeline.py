"""Drives the pipeline in tests: the real queue, the real database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, transaction

from apps.core import actions, locks
from apps.core.models import Change


def drain(now: datetime) -> int:
    """Runs passes until nothing is due; returns how many changes were handled."""
    handled = 0
    while count := actions.run_pipeline(now=now):
        handled += count
        assert handled < 1_000_000
    assert not Change.objects.due(now).exists()
    return handled


@contextmanager
def in_other_hands(customer_id: int) -> Iterator[None]:
    """Another connection holds this customer. Wants a test whose transactions are real."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                locks.wait_for_customers([customer_id])
                held.set()
                done.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        yield
    finally:
        done.set()
        thread.join(30)
