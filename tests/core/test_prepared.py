"""Statements whose plans the server keeps."""

import pytest
from django.db import DataError, connection

from apps.core import prepared

PLANS = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT word%%' AND %(one)s = 1"


@pytest.fixture
def table(transactional_db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept_here (word varchar(5))")
        cursor.execute("INSERT INTO kept_here VALUES ('one')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept_here")


def read() -> list[tuple[str]]:
    return prepared.fetch("SELECT word FROM kept_here WHERE word = %(word)s", {"word": "one"})


def test_the_server_keeps_the_plan(table):
    assert [read() for _ in range(8)] == [[("one",)]] * 8
    assert prepared.fetch(PLANS, {"one": 1}) == [(1,)]


def test_a_migration_meanwhile_stops_nobody(table):
    for _ in range(8):
        read()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept_here ALTER word TYPE varchar(9)")
    assert [read() for _ in range(3)] == [[("one",)]] * 3


def test_errors_are_those_of_django(table):
    with pytest.raises(DataError):
        prepared.fetch("SELECT 1 / %(by)s::int FROM kept_here", {"by": 0})
