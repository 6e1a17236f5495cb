"""The log of a merge: which rows moved, and which were taken out or changed because the one that stays has the same.
Tables and columns are those of registered models, never input."""

import json
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from apps.core import registry
from apps.core.registry import Log
from apps.customers.models import Merge, MovedRows


@dataclass(frozen=True)
class Snapshot:
    """Rows of one table that name the customer who is about to go; whole rows where the log needs them."""

    table: str
    column: str
    ids: list[int]
    rows: dict[int, dict[str, Any]]


def look(*, gone_id: int) -> list[Snapshot]:
    """Before the merge handlers run."""
    found = []
    for key, log in registry.merge_logs.items():
        if log is not Log.NOTHING:
            table, column = table_of(key)
            rows = _whole(table, column, gone_id) if log is Log.ROWS else {}
            ids = list(rows) if log is Log.ROWS else _ids(table, column, gone_id)
            found.append(Snapshot(table, column, ids, rows))
    return found


def write(*, merge: Merge, snapshots: list[Snapshot]) -> None:
    """After the merge handlers ran."""
    logs = []
    for before in snapshots:
        if not before.ids:
            continue
        moved = _ids(before.table, before.column, merge.kept_id, among=before.ids)
        left = [pk for pk in before.rows if pk not in set(moved)]
        now = _whole(before.table, "id", *left) if left else {}
        dropped = [before.rows[pk] for pk in left if now.get(pk) != before.rows[pk]]
        if moved or dropped:
            logs.append(MovedRows(merge=merge, table=before.table, column=before.column, ids=moved, dropped=dropped))
    MovedRows.objects.bulk_create(logs)


def note(*, merge: Merge, table: str, ids: list[int]) -> None:
    """Rows that followed a merge a moment later."""
    log, _made = MovedRows.objects.get_or_create(merge=merge, table=table, column="customer_id")
    log.ids = sorted({*log.ids, *ids})
    log.save(update_fields=["ids"])


def merges_that_moved(customer_id: int) -> list[Merge]:
    """Merges in force that took this customer away, and those that took along the one it had become part of."""
    own = Merge.objects.filter(gone=customer_id, undone_at=None)
    along = MovedRows.objects.filter(column="merged_into_id", ids__contains=[customer_id], merge__undone_at=None)
    return [*own, *Merge.objects.filter(pk__in=along.values("merge"))]


def give_back_rows(*, merge: Merge, gone_id: int) -> None:
    """Rows that moved and still name the one that stayed go to `gone_id`."""
    for log in merge.moved.order_by("pk"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {log.table} SET {log.column} = %s WHERE id = ANY(%s) AND {log.column} = %s",  # noqa: S608
                [gone_id, log.ids, merge.kept_id],
            )


def make_again(*, merge: Merge) -> None:
    """What was taken out or changed is as it was, where what it belongs to still exists."""
    for log in merge.moved.exclude(dropped=[]).order_by("pk"):
        _make_again(log)


def _make_again(log: MovedRows) -> None:
    model = _model_of(log.table)
    columns = [str(field.column) for field in model._meta.concrete_fields if field.column in log.dropped[0]]  # noqa: SLF001
    listed, values = ", ".join(columns), ", ".join(f"r.{column}" for column in columns)
    source = f"jsonb_populate_recordset(NULL::{log.table}, %s::jsonb) r WHERE {_still_there(model, columns)}"
    assignments = ", ".join(f"{column} = r.{column}" for column in columns if column != "id")
    with connection.cursor() as cursor:
        rows = json.dumps(log.dropped)
        cursor.execute(
            f"UPDATE {log.table} t SET {assignments} FROM {source} AND t.id = r.id",  # noqa: S608
            [rows],
        )
        cursor.execute(
            f"INSERT INTO {log.table} ({listed}) SELECT {values} FROM {source} ON CONFLICT DO NOTHING",  # noqa: S608
            [rows],
        )


def _still_there(model: type[Model], columns: list[str]) -> str:
    """What rows name by a foreign key may have been deleted since."""
    tests = ["true"]
    for field in model._meta.concrete_fields:  # noqa: SLF001 - Django's public _meta
        if isinstance(field, ForeignKey) and field.column in columns:
            other = field.related_model._meta  # noqa: SLF001
            tests.append(
                f"(r.{field.column} IS NULL OR EXISTS (SELECT 1 FROM {other.db_table} o"  # noqa: S608
                f" WHERE o.id = r.{field.column}))"
            )
    return " AND ".join(tests)


def table_of(key: str) -> tuple[str, str]:
    """The table and the column of "app.Model.field"."""
    label, _dot, name = key.rpartition(".")
    meta = apps.get_model(label)._meta  # noqa: SLF001 - Django's public _meta
    column = meta.get_field(name).column
    return meta.db_table, str(column)


def _model_of(table: str) -> type[Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)  # noqa: SLF001


def _ids(table: str, column: str, customer_id: int, *, among: list[int] | None = None) -> list[int]:
    with connection.cursor() as cursor:
        narrowed = " AND id = ANY(%s)" if among is not None else ""
        cursor.execute(
            f"SELECT id FROM {table} WHERE {column} = %s{narrowed} ORDER BY id",  # noqa: S608 - own names
            [customer_id, *([among] if among is not None else [])],
        )
        return [row[0] for row in cursor.fetchall()]


def _whole(table: str, column: str, *values: int) -> dict[int, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, to_jsonb(t)::text FROM {table} t WHERE {column} = ANY(%s) ORDER BY id",  # noqa: S608
            [list(values)],
        )
        return {pk: json.loads(row) for pk, row in cursor.fetchall()}
