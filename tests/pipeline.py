"""Drives the pipeline in tests: the real queue, the real database."""

from datetime import datetime

from apps.core import actions
from apps.core.models import Change


def drain(now: datetime) -> int:
    """Runs passes until nothing is due; returns how many changes were handled."""
    handled = 0
    while count := actions.run_pipeline(now=now):
        handled += count
        assert handled < 1_000_000
    assert not Change.objects.due(now).exists()
    return handled
