# ruff: noqa: S608 - what stands in the SQL are names of our own tables
"""Who changed what: the events of all tracked models, newest first. The triggers of pghistory write them, one table a
model, so a page is one UNION of bounded parts, never a count."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pghistory.models
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Field, ForeignKey, Model
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.core import registry
from apps.core.keyset import BadCursor
from apps.staff.models import User

EventModel = type[pghistory.models.Event]
type AnyField = Field[Any, Any]  # lazy: Django's class takes no parameters when it runs
PAGE = 30
_NAMES = ("name", "email", "address", "value", "text", "title", "key")
_LONGEST = 300


@dataclass(frozen=True)
class Filters:
    person_id: int | None = None
    kind: str = ""  # label of an event model
    day: date | None = None


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    model: str
    pk: int
    at: datetime
    deed: str  # insert, update, delete
    kind: str
    thing: str
    who: str
    changes: list[Change]
    can_undo: bool


@dataclass(frozen=True)
class Page:
    entries: list[Entry]
    next_cursor: str | None


@dataclass(frozen=True)
class _Row:
    model: str
    pk: int
    at: datetime
    deed: str
    context: dict[str, Any]
    data: dict[str, Any]
    previous: dict[str, Any] | None


def event_models() -> dict[str, EventModel]:
    """Of our own models, by label."""
    return {
        model._meta.label: model
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event) and model.__module__.startswith("apps.")
    }


def tracked(model: EventModel) -> type[Model]:
    found: Any = model.pgh_tracked_model
    return found  # type: ignore[no-any-return]


def kinds() -> list[tuple[str, str]]:
    """Label of the event model and the name of the thing, by name."""
    found = [(label, capfirst(str(tracked(model)._meta.verbose_name))) for label, model in event_models().items()]
    return sorted(found, key=lambda kind: kind[1])


def page(filters: Filters, *, cursor: str | None = None, size: int = PAGE) -> Page:
    """Raises BadCursor."""
    rows = _rows(filters, cursor=cursor, size=size + 1)
    more = len(rows) > size
    rows = rows[:size]
    last = rows[-1] if more else None
    return Page(_entries(rows), _write(last) if last else None)


def _rows(filters: Filters, *, cursor: str | None, size: int) -> list[_Row]:
    after = _read(cursor) if cursor else None
    parts, params = [], []
    for label, model in event_models().items():
        if filters.kind in {"", label}:
            sql, values = _part(label, model, filters, after, size)
            parts.append(sql)
            params += values
    if not parts:
        return []
    newest = f"""SELECT * FROM ({" UNION ALL ".join(parts)}) newest
        ORDER BY pgh_created_at DESC, model DESC, pgh_id DESC LIMIT %s"""
    with connection.cursor() as database:
        database.execute(newest, [*params, size])
        return [_row(*values) for values in database.fetchall()]


def _row(*values: Any) -> _Row:
    model, pk, at, deed, context, data, previous = values
    return _Row(model, pk, at, deed, json.loads(context or "{}"), json.loads(data), json.loads(previous or "null"))


def _part(
    label: str, model: EventModel, filters: Filters, after: tuple[datetime, str, int] | None, size: int
) -> tuple[str, list[Any]]:
    """The newest events of one model. What stands in the SQL are names of our own tables; values are parameters."""
    table = connection.ops.quote_name(model._meta.db_table)
    has_history = any(field.name == "pgh_obj" for field in model._meta.fields)
    where, params = ["TRUE"], []
    if after is not None:
        where.append("(e.pgh_created_at, %s, e.pgh_id) < (%s, %s, %s)")
        params += [label, *after]
    if filters.day is not None:
        where.append("e.pgh_created_at >= %s AND e.pgh_created_at < %s")
        params += _bounds(filters.day)
    if filters.person_id is not None:
        where.append("c.metadata ->> 'user' = %s")
        params.append(str(filters.person_id))
    previous = f"""(SELECT to_jsonb(b) FROM {table} b WHERE b.pgh_obj_id = e.pgh_obj_id AND b.pgh_id < e.pgh_id
        ORDER BY b.pgh_id DESC LIMIT 1)"""
    # First which events, then what is in them: JSON of a million rows would take seconds.
    sql = f"""(SELECT %s::text AS model, e.pgh_id, e.pgh_created_at, e.pgh_label, c.metadata::text,
        to_jsonb(e)::text, {previous if has_history else "NULL::jsonb"}::text
        FROM (SELECT e.pgh_id FROM {table} e LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
              WHERE {" AND ".join(where)} ORDER BY e.pgh_created_at DESC, e.pgh_id DESC LIMIT %s) newest
        JOIN {table} e USING (pgh_id) LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id)"""
    return sql, [label, *params, size]


def _bounds(day: date) -> list[datetime]:
    """The day in the viewer's zone."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    return [start, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))]


def _entries(rows: list[_Row]) -> list[Entry]:
    models = event_models()
    names = _Names(models, rows)
    return [_entry(row, models[row.model], names) for row in rows]


def _entry(row: _Row, event_model: EventModel, names: "_Names") -> Entry:
    model = tracked(event_model)
    can_undo = model._meta.label in registry.undoable and (
        row.deed == "delete" or (row.deed == "update" and row.previous is not None)
    )
    return Entry(
        model=row.model,
        pk=row.pk,
        at=row.at,
        deed=row.deed,
        kind=capfirst(str(model._meta.verbose_name)),
        thing=names.thing(model, row.data),
        who=names.who(row.context),
        changes=[
            Change(capfirst(str(field.verbose_name)), names.shown(field, before), names.shown(field, after))
            for field, before, after in _differences(model, row)
        ],
        can_undo=can_undo,
    )


def _differences(model: type[Model], row: _Row) -> Iterator[tuple[AnyField, Any, Any]]:
    for field in model._meta.concrete_fields:
        if field.primary_key or field.column not in row.data:
            continue
        now = row.data[field.column]
        if row.deed == "update":
            if row.previous is not None and row.previous.get(field.column) != now:
                yield field, row.previous.get(field.column), now
        elif now not in (None, "", [], {}):
            yield (field, now, None) if row.deed == "delete" else (field, None, now)


class _Names:
    """What ids stand for, read for the whole page at once: one query a model that is pointed to."""

    def __init__(self, models: dict[str, EventModel], rows: list[_Row]) -> None:
        wanted: dict[type[Model], set[Any]] = {}
        for row in rows:
            for field in tracked(models[row.model])._meta.concrete_fields:
                if isinstance(field, ForeignKey):
                    ids = {row.data.get(field.column), (row.previous or {}).get(field.column)}
                    wanted.setdefault(field.related_model, set()).update(ids - {None})
            if row.context.get("user") is not None:
                wanted.setdefault(User, set()).add(row.context["user"])
        self._found = {model: model._default_manager.in_bulk(list(ids)) for model, ids in wanted.items() if ids}

    def who(self, context: dict[str, Any]) -> str:
        if context.get("user") is not None:
            user = self._found.get(User, {}).get(context["user"])
            return str(user) if user else _("A user who is gone")
        if context.get("api_key"):
            return _("API key %(name)s") % {"name": context["api_key"]}
        return _("Milepost itself")

    def thing(self, model: type[Model], data: dict[str, Any]) -> str:
        for name in _NAMES:
            if data.get(name):
                return _cut(str(data[name]), 80)
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and data.get(field.column) is not None:
                return self.shown(field, data[field.column])
        return str(data.get("id") or data.get("pgh_obj_id") or "")

    def shown(self, field: AnyField, value: Any) -> str:
        if value in (None, "", [], {}):
            return ""
        if isinstance(field, ForeignKey):
            found = self._found.get(field.related_model, {}).get(value)
            return _cut(str(found), 80) if found else f"{value} ({_('gone')})"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        return _plain(field, value)


def _plain(field: AnyField, value: Any) -> str:
    if isinstance(value, list | dict):
        return _cut(json.dumps(value, ensure_ascii=False))
    try:
        moment = field.to_python(value)
    except ValidationError:
        return _cut(str(value))
    if isinstance(moment, datetime):
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
    return _cut(f"{moment:%H:%M}" if isinstance(moment, time) else str(moment))


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _write(row: _Row) -> str:
    text = json.dumps([row.at.isoformat(), row.model, row.pk])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str, int]:
    try:
        at, model, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(model, str) or not isinstance(pk, int) or abs(pk) > 2**31:
            raise BadCursor("That page does not exist. Start from the first one.")
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("That page does not exist. Start from the first one.") from error
    return moment, model, pk


def people() -> list[User]:
    return list(User.objects.order_by("name", "email", "pk")[:500])
