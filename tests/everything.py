"""Looks everywhere for a text: each column of each table, and the broker."""

from typing import Any

from celery import current_app
from django.db import connection

_COLUMNS = """
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2
"""


def tables_with(text: str) -> list[str]:
    """Each "table.column" that holds the text, in any case."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE to_jsonb(t."{column}")::text ILIKE ANY(%s)',
                [[f"%{text}%", f"%{text.encode().hex()}%"]],  # bytes are written in hex
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


def broker_keys_with(text: str) -> list[str]:
    wanted = text.lower().encode()
    with current_app.connection_for_read() as found:
        broker = found.default_channel.client
        return [str(key) for key in broker.scan_iter() if wanted in key.lower() or wanted in _dump(broker, key)]


def _dump(broker: Any, key: bytes) -> bytes:
    return (broker.dump(key) or b"").lower()
