"""Pages by cursor: the next page starts after the last row of this one, at any depth in the same time."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan


class BadCursor(ValueError):
    """The cursor was not made by this application."""


@dataclass(frozen=True)
class Page[T: Model]:
    rows: list[T]
    next_cursor: str | None


def newest_first[T: Model](queryset: QuerySet[T], *, time_field: str, cursor: str | None, size: int) -> Page[T]:
    """Rows by (time_field, id) descending; time_field must not be NULL."""
    if cursor:
        at, pk = _read(cursor)
        queryset = queryset.filter(TupleLessThan(Tuple(F(time_field), F("pk")), (at, pk)))
    rows = list(queryset.order_by(f"-{time_field}", "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows=rows, next_cursor=_write([getattr(rows[-1], time_field), rows[-1].pk]) if more else None)


def highest_first[T: Model](queryset: QuerySet[T], *, number_field: str, cursor: str | None, size: int) -> Page[T]:
    """Rows by (number_field, id) descending; number_field must not be NULL."""
    if cursor:
        number, pk = _read_numbers(cursor)
        queryset = queryset.filter(TupleLessThan(Tuple(F(number_field), F("pk")), (number, pk)))
    rows = list(queryset.order_by(f"-{number_field}", "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows=rows, next_cursor=_write([getattr(rows[-1], number_field), rows[-1].pk]) if more else None)


def _write(values: Sequence[Any]) -> str:
    text = json.dumps([v.isoformat() if isinstance(v, datetime) else v for v in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(pk, int) or abs(pk) > 2**62:
            raise BadCursor("That page does not exist. Start from the first one.")
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("That page does not exist. Start from the first one.") from error
    return moment, pk


def _read_numbers(cursor: str) -> tuple[int, int]:
    try:
        number, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("That page does not exist. Start from the first one.") from error
    if not all(isinstance(value, int) and abs(value) <= 2**62 for value in (number, pk)):
        raise BadCursor("That page does not exist. Start from the first one.")
    return number, pk
