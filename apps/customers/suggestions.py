"""What the rule builder offers: traits and tags that customers really have, from the newest of them."""

from django.db import connection

MOST = 200
_NEWEST = 2000
_TRAITS = """
    SELECT DISTINCT jsonb_object_keys(traits) FROM (
        SELECT traits FROM customers_customer WHERE merged_into_id IS NULL
        ORDER BY last_activity_at DESC LIMIT %s) newest
    ORDER BY 1 LIMIT %s
"""
_TAGS = """
    SELECT DISTINCT unnest(tags) FROM (SELECT tags FROM customers_customer WHERE tags <> '{}' LIMIT %s) tagged
    ORDER BY 1 LIMIT %s
"""


def traits() -> list[tuple[str, str]]:
    return _pairs(_TRAITS)


def tags() -> list[tuple[str, str]]:
    return _pairs(_TAGS)


def _pairs(sql: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_NEWEST, MOST])
        return [(value, value) for (value,) in cursor.fetchall()]
