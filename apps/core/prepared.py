"""Statements that run once a message: the server keeps their plans, which cost more than running them."""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connection

_THRESHOLD = 5  # psycopg's own default; with None it would prepare nothing


def array(values: Iterable[int | str]) -> str:
    """As PostgreSQL reads one, of numbers or of words without signs; a list would cost more to bind."""
    return f"{{{','.join(map(str, values))}}}"


def fetch(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows. Values are bound by the server, so one that could be of several types says `::type` in the statement.
    Whoever looks at queries (tests, DEBUG) sees it like any other."""
    connection.ensure_connection()
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    raw: Any = connection.connection
    raw.prepare_threshold = _THRESHOLD  # Django says None, which is never; its own cursors prepare nothing anyway
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        try:
            return cursor.execute(statement, values, prepare=True).fetchall()
        except psycopg.errors.FeatureNotSupported:
            # A migration changed a column since it was prepared: the plan is refused, and nothing was done.
            return cursor.execute(statement, values, prepare=False).fetchall()
