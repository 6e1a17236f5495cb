"""Search by prefix over 1,000,000 customers: the plans must use the indexes, nothing is counted.

    python -m bench.search [--customers 1000000]

Prints the slowest and the median of some searches, and fails when a plan reads a big table from end to end or a query
counts. Starts a PostgreSQL of its own and ends by itself."""

import argparse
import os
import statistics
import time

import django

from bench.services import expect, services

BIG = ["customers_customer", "customers_identity", "customers_searchterm"]
SEARCHES = ["customer 77", "a", "c5", "c500000@mail.example", "+4930", "cus_99", "zzz", "o", "ord-1", "Ann", "%", "_"]


def fill(customers: int) -> None:
    from django.db import connection  # noqa: PLC0415 - Django is set up by main

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer (name, email, phone, country, time_zone, traits, has_fixed_persona, tags,"
            " status, is_identified, first_seen_at, last_activity_at)"
            " SELECT 'Customer ' || n, 'c' || n || '@mail.example', '', '', '', '{}', false, '{}', 'prospect', true,"
            " now(), now() - n * interval '1 second' FROM generate_series(1, %s) n",
            [customers],
        )
        cursor.execute(
            "INSERT INTO customers_identity (kind, space, value, customer_id, is_verified, created_at)"
            " SELECT 'email', 'default', email, id, false, now() FROM customers_customer"
            " UNION ALL SELECT 'external', 'default', 'cus_' || id, id, false, now() FROM customers_customer"
        )
        cursor.execute(
            "INSERT INTO customers_searchterm (term, customer_id) SELECT lower(name), id FROM customers_customer"
            " UNION ALL SELECT 'ord-' || id, id FROM customers_customer"
        )
        cursor.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    options = parser.parse_args()
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        from apps.customers import selectors  # noqa: PLC0415

        fill(options.customers)
        times = []
        for text in SEARCHES:
            with CaptureQueriesContext(connection) as captured:
                found = selectors.search(text=text)
            check(captured.captured_queries)
            for _ in range(5):
                start = time.perf_counter()
                selectors.search(text=text)
                times.append((time.perf_counter() - start) * 1000)
            print(f"  {text!r}: {len(found)} found")
        print(f"{options.customers:,} customers: median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms")


def check(queries: list[dict[str, str]]) -> None:
    from django.db import connection  # noqa: PLC0415

    for query in queries:
        expect("count(" not in query["sql"].lower(), "a query counts", query["sql"])
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
        big = [name for name in BIG if f"Seq Scan on {name}" in plan]
        expect(not big, "a plan reads a table from end to end", plan)


if __name__ == "__main__":
    main()
