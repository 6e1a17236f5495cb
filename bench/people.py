"""Customers with a history, written straight into the tables, for benches of what works on everybody."""


def fill(customers: int, interactions: int) -> None:
    """`customers` identified ones with a plan, and `interactions` of theirs over the last 120 days: views, carts and
    orders. Nothing is on the change queue."""
    from django.db import connection  # noqa: PLC0415 - Django is set up by the bench

    from apps.touchpoints.actions import sources  # noqa: PLC0415
    from apps.touchpoints.enums import SourceKind  # noqa: PLC0415

    source = sources.create(name="Bench", kind=SourceKind.SERVER)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer (name, email, phone, country, time_zone, traits, has_fixed_persona, tags,"
            " status, is_identified, first_seen_at, last_activity_at)"
            " SELECT 'Customer ' || n, 'c' || n || '@mail.example', '', '', '',"
            " jsonb_build_object('plan', (ARRAY['gold', 'silver', 'free'])[1 + n %% 3], 'age', n %% 90), false, '{}',"
            " 'visitor', true, now() - interval '120 days', now() FROM generate_series(1, %s) n",
            [customers],
        )
        cursor.execute(
            "INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, received_at, event,"
            " channel, properties)"
            " SELECT (SELECT min(id) FROM customers_customer) + (n * 7919::bigint) %% %s, %s, 'b' || n,"
            " now() - interval '120 days' * (1 - n::float / %s), now(),"
            " (ARRAY['Product Viewed', 'Product Viewed', 'Product Viewed', 'Product Added', 'Order Completed'])"
            " [1 + (n * 31::bigint) %% 5], 'web', jsonb_build_object('price', n %% 200)"
            " FROM generate_series(1, %s) n",
            [customers, source.pk, interactions, interactions],
        )
        cursor.execute("UPDATE touchpoints_source SET first_event_at = now()")
        cursor.execute("VACUUM ANALYZE")
