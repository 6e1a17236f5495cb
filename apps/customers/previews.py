"""What a rule would find, before it is saved: how many fit and some of them by name, and who would change."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from apps.core import rules
from apps.customers.models import Customer

SAMPLE = 10
PAGE_MILLISECONDS = 3000  # somebody is typing
API_MILLISECONDS = 20_000


class TookTooLong(Exception):
    """Nobody waits any longer for this answer."""


@dataclass(frozen=True)
class Preview:
    """`count` is None when counting took too long to wait for."""

    count: int | None
    sample: list[Customer]


def preview(*, rule: dict[str, Any], now: datetime, milliseconds: int = PAGE_MILLISECONDS) -> Preview:
    """The rule must have been checked. The sample are those of the latest activity."""
    sampled = Customer.objects.present().filter(rules.compiled(rule, rules.Scope(now=now)))
    try:
        with at_most(milliseconds):
            sample = list(sampled.order_by("-last_activity_at", "-pk")[:SAMPLE])
    except TookTooLong:
        sample = []
    return Preview(count(rule=rule, now=now, milliseconds=milliseconds), sample)


def count(*, rule: dict[str, Any], now: datetime, milliseconds: int = PAGE_MILLISECONDS) -> int | None:
    """How many fit; None where counting takes too long to wait for."""
    fitting = Customer.objects.present().filter(rules.compiled(rule, rules.Scope(now=now, is_whole=True)))
    try:
        with at_most(milliseconds):
            return fitting.count()
    except TookTooLong:
        return None


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Each query inside may take this long. Raises TookTooLong."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{milliseconds}ms"])
            yield
            with connection.cursor() as cursor:  # inside a transaction of the caller it would stay
                cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "57014":  # query_canceled
            raise
        raise TookTooLong from error
