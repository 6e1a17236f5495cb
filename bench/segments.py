"""A segment "bought at least twice in 30 days and has plan gold" of 100,000 customers with 1,000,000 interactions: the
full build beside hand-written SQL that stores the same rows, and what the change of one customer costs.

    python -m bench.segments [--customers 100000] [--interactions 1000000]

Prints the ratio of the build to the SQL, which is held to 3. Starts a PostgreSQL of its own and ends by itself."""

import argparse
import os
import statistics
import sys
import time

import django

from bench.services import expect, services

LIMIT = 3.0
RULE = {
    "all": [
        {"did": {"event": "Order Completed", "at_least": 2, "within_days": 30}},
        {"trait": ["plan", "=", "gold"]},
    ]
}
BY_HAND = """
    INSERT INTO by_hand (segment_id, customer_id, joined_at, origin)
    SELECT 1, c.id, now(), 'rebuild' FROM customers_customer c
    JOIN (SELECT customer_id FROM touchpoints_interaction
          WHERE event = 'Order Completed' AND by = 'customer' AND occurred_at >= now() - interval '30 days'
          GROUP BY customer_id HAVING count(*) >= 2) often ON often.customer_id = c.id
    WHERE c.merged_into_id IS NULL AND c.traits ->> 'plan' = 'gold'
"""


def by_hand() -> tuple[int, float]:
    """Into a table with the same indexes."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE by_hand (LIKE customers_membership INCLUDING ALL)")
        start = time.perf_counter()
        cursor.execute(BY_HAND)
        seconds, count = time.perf_counter() - start, cursor.rowcount
        cursor.execute("DROP TABLE by_hand")
    return count, seconds


def build() -> tuple[int, float]:
    from django.utils import timezone  # noqa: PLC0415

    from apps.customers.actions import segments  # noqa: PLC0415
    from apps.customers.models import Segment  # noqa: PLC0415

    now = timezone.now()
    Segment.objects.all().delete()
    made = segments.save(segment=Segment(name="Bench", rule=RULE), by=None, now=now)
    start = time.perf_counter()
    built = segments.build(segment_id=made.pk, now=now)
    return built.size, time.perf_counter() - start


def one_customer(number: int) -> float:
    """Milliseconds of the segment handler alone, for one customer that changed."""
    from django.db import transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from apps.core.registry import Batch, ClaimedChange  # noqa: PLC0415
    from apps.customers.actions import segments  # noqa: PLC0415
    from apps.customers.models import Customer  # noqa: PLC0415

    first = Customer.objects.order_by("pk").values_list("pk", flat=True)[0]
    times = []
    for place in range(number):
        batch = Batch(changes=[ClaimedChange(first + place * 37, None, "live")], now=timezone.now())
        with transaction.atomic():
            start = time.perf_counter()
            segments.follow(batch)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    options = parser.parse_args()
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        from bench.people import fill  # noqa: PLC0415

        fill(options.customers, options.interactions)
        pairs = [(by_hand(), build()) for _ in range(5)]
        expect(len({size for pair in pairs for size, _seconds in pair}) == 1, pairs)
        sql = statistics.median(seconds for (_n, seconds), _ in pairs)
        own = statistics.median(seconds for _, (_n, seconds) in pairs)
        ratio = own / sql
        print(f"{options.customers:,} customers, {options.interactions:,} interactions, {pairs[0][0][0]:,} fit")
        print(f"by hand {sql * 1000:.0f} ms, full build {own * 1000:.0f} ms: ratio {ratio:.2f} (limit {LIMIT})")
        print(f"one customer's change: {one_customer(200):.1f} ms")
        sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
