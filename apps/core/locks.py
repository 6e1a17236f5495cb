"""Advisory locks. Each kind has its own range of 64-bit keys, so that a customer never waits for an address."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.db import connection

CUSTOMER = 1 << 56
IDENTITY = 2 << 56
ADDRESS = 3 << 56
PASS = 4 << 56
JOB = 5 << 56
SEGMENT = 6 << 56
PRUNE = 7 << 56
RECIPIENT = 8 << 56
ANSWER = 9 << 56
_RANGE = (1 << 56) - 1


def key_of(kind: int, value: str) -> int:
    return kind | (int.from_bytes(blake2b(value.encode(), digest_size=7).digest()) & _RANGE)


def try_customers(customer_ids: list[int]) -> set[int]:
    """The customers whose lock this transaction got without waiting."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c FROM unnest(%s::bigint[]) c WHERE pg_try_advisory_xact_lock(%s::bigint + c)",
            [sorted(customer_ids), CUSTOMER],
        )
        return {row[0] for row in cursor.fetchall()}


def wait_for(keys: list[int]) -> None:
    """Take each key until the end of this transaction, in sorted order, so that two callers never deadlock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(k) FROM (SELECT k FROM unnest(%s::bigint[]) k ORDER BY k) sorted",
            [sorted(set(keys))],
        )


def wait_for_customers(customer_ids: list[int]) -> None:
    wait_for([CUSTOMER + customer_id for customer_id in customer_ids])


@contextmanager
def try_session_lock(key: int) -> Iterator[bool]:
    """Whether it was free. Held on the connection across transactions; freed when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
