"""The timeline of a customer with 20,000 interactions in a table of 1,000,000 beside one with 50.

    python -m bench.timeline [--rows 1000000]

Prints the number of queries, whether the plans are the same, and the ratio of the times, which is held to 1.5. Starts a
PostgreSQL of its own and ends by itself."""

import argparse
import os
import re
import statistics
import time
from typing import Any

import django

from bench.services import services


def fill(customer_id: int, source_id: int, number: int) -> None:
    from django.db import connection  # noqa: PLC0415 - Django is set up by main

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, event, channel)"
            " SELECT %s, %s, %s || ':' || n, now() - n * interval '1 minute', 'Product Viewed', 'web'"
            " FROM generate_series(1, %s) n",
            [customer_id, source_id, str(customer_id), number],
        )


def measure(customer: Any) -> tuple[int, str, float]:
    """Queries, plan without its numbers, median milliseconds of a page."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from apps.desk.timeline import timeline  # noqa: PLC0415
    from apps.touchpoints.models import Interaction  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        timeline(customer, kind="all", cursor=None)
    rows = Interaction.objects.for_customer(customer).order_by("-occurred_at", "-pk")[:51]
    plan = re.sub(r"\(cost=[^)]*\)|Index Cond: .*", "", rows.explain())
    times = []
    for _ in range(50):
        start = time.perf_counter()
        timeline(customer, kind="all", cursor=None)
        times.append((time.perf_counter() - start) * 1000)
    return len(captured), plan, statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        from django.db import connection  # noqa: PLC0415

        from apps.customers.models import Customer  # noqa: PLC0415
        from apps.touchpoints.models import Source  # noqa: PLC0415

        source = Source.objects.create(name="Bench")
        small, large = Customer.objects.create(name="Small"), Customer.objects.create(name="Large")
        others = Customer.objects.bulk_create(Customer(name=f"Other {n}") for n in range(100))
        for other in others:
            fill(other.pk, source.pk, (options.rows - 20_050) // 100)
        fill(large.pk, source.pk, 20_000)
        fill(small.pk, source.pk, 50)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE touchpoints_interaction")
        few, many = measure(small), measure(large)
        connection.close()
    print(f"queries: {few[0]} for 50 interactions, {many[0]} for 20,000 among {options.rows:,}")
    print(f"plans: {'the same' if few[1] == many[1] else 'different'}\n{many[1]}")
    ratio = many[2] / few[2]
    verdict = "meets" if ratio <= 1.5 else "misses"
    print(f"a page: {few[2]:.2f} ms and {many[2]:.2f} ms; ratio {ratio:.2f}, {verdict} 1.50")


if __name__ == "__main__":
    main()
