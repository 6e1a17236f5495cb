"""The timeline costs the same for a customer of 50 interactions and one of 20,000, at any depth."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import keyset
from apps.desk.timeline import timeline
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, published_shop

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(customer, source, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, event, channel)"
            " SELECT %s, %s, %s || ':' || n, %s + n * interval '1 minute', 'Product Viewed', 'web'"
            " FROM generate_series(1, %s) n",
            [customer.pk, source.pk, str(customer.pk), START, number],
        )


@pytest.fixture
def people(now):
    published_shop(now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    small, large, other = CustomerFactory(), CustomerFactory(), CustomerFactory()
    fill(other, source, 60_000)
    fill(large, source, 20_000)
    fill(small, source, 60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE touchpoints_interaction")
        cursor.execute("SET LOCAL random_page_cost = 1.1")  # as on any disk of today, and in the embedded PostgreSQL
    return small, large


def queries_of(customer, cursor=None) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        timeline(customer, kind="all", cursor=cursor)
    return [re.sub(r"\d+", "N", query["sql"]) for query in captured]


def plan_of(customer) -> str:
    rows = Interaction.objects.for_customer(customer).order_by("-occurred_at", "-pk")[:51]
    plan = json.dumps(json.loads(rows.explain(format="json")))
    return re.sub(r'"(Startup Cost|Total Cost|Plan Rows|Plan Width|Index Cond|Filter)": ("[^"]*"|[\d.]+)', "", plan)


def test_same_queries_and_plan_for_few_and_many(people):
    small, large = people
    assert len(queries_of(small)) == len(queries_of(large)) <= 4
    assert plan_of(small) == plan_of(large)
    assert "interaction_timeline" in plan_of(large)
    assert "Sort" not in plan_of(large)


def test_depth_does_not_matter(people):
    _small, large = people
    cursor = keyset._write([START + timedelta(minutes=200), 1])
    assert len(queries_of(large, cursor)) <= 4
    assert "OFFSET" not in " ".join(queries_of(large, cursor))


def test_pages_join_without_gap_or_repeat(people):
    small, _large = people
    first = timeline(small, kind="activity", cursor=None)
    second = timeline(small, kind="activity", cursor=first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (50, 10, None)
    ids = [item.interaction_id for item in [*first.items, *second.items]]
    assert len(set(ids)) == 60
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "", "e30", "W10", "Wy0xLCJ4Il0", keyset._write(["2026-01-01T00:00:00", 1])])
def test_a_cursor_that_is_none_leads_to_the_first_page(client, people, cursor, django_user_model):
    small, _large = people
    client.force_login(django_user_model.objects.create_superuser("root@staff.example"))
    response = client.get(f"/customers/{small.pk}/", {"cursor": cursor})
    assert response.status_code in {200, 302}


def test_the_fragment_equals_the_page(client, people, django_user_model):
    small, _large = people
    client.force_login(django_user_model.objects.create_superuser("root@staff.example"))
    url = f"/customers/{small.pk}/"
    fragment = client.get(url, headers={"HX-Request": "true", "HX-Target": "timeline"})
    page = client.get(url)
    squeeze = re.compile(r"\s+")
    assert squeeze.sub(" ", fragment.content.decode()).strip() in squeeze.sub(" ", page.content.decode())
    assert "HX-Target" in page["Vary"]
    assert "HX-Target" in fragment["Vary"]
    boosted = client.get(url, headers={"HX-Request": "true", "HX-Target": "timeline", "HX-Boosted": "true"})
    assert b"<html" in boosted.content


def test_a_list_costs_the_same_for_2_and_20(client, now, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root@staff.example"))
    published_shop(now)
    counts = []
    for number in (2, 18):
        CustomerFactory.create_batch(number)
        client.get("/customers/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/customers/")
        counts.append(len(captured))
        # The bell counts at most a hundred unread notices of one user; nothing else is counted.
        assert "COUNT(" not in " ".join(q["sql"] for q in captured if "LIMIT 100)" not in q["sql"])
    assert counts[0] == counts[1]
