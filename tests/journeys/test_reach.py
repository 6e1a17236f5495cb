"""How many a step's rule finds: agrees with the fold's own reading, bounded in time, never a wrong number."""

import itertools
from datetime import timedelta

import pytest

from apps.journeys.selectors import reach as reaching
from apps.journeys.selectors.reach import Reach, reach
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Touchpoint
from tests.factories import CustomerFactory, published_shop, staff

pytestmark = pytest.mark.django_db
numbers = itertools.count()


def did(customer, event, now, *, days=0.0, channel=Channel.WEB, by=By.CUSTOMER, **properties):
    at = now - timedelta(days=days)
    return log.record(customer_id=customer.pk, event=event, by=by, channel=channel, at=at, received_at=at,
                      message_id=f"m{next(numbers)}", properties=properties)  # fmt: skip


def counts(match, now) -> tuple:
    found = reach(match, now=now, with_names=False)
    return found.short, found.long


def test_no_rule_asks_nothing(now, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert reach([], now=now, with_names=True) == Reach(0, 0, [])


def test_customers_not_interactions_are_counted_in_two_windows(now):
    ann, bo, cy = CustomerFactory.create_batch(3)
    for days in (1, 2, 40):
        did(ann, "Order Completed", now, days=days)
    did(bo, "Order Completed", now, days=31)
    did(cy, "Order Completed", now, days=90.5)
    did(cy, "Order Completed", now, days=-1)  # not yet
    assert counts([{"event": "Order Completed"}], now) == (1, 2)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"event": "Order Completed"}, (1, 1)),
        ({"event": "Order Completed", "by": "company"}, (0, 0)),
        ({"event": "Order Completed", "by": "any"}, (1, 1)),
        ({"channel": "store"}, (1, 1)),
        ({"channel": "app"}, (0, 0)),
        ({"where": [["properties.price", ">", 10]]}, (1, 1)),
        ({"where": [["properties.price", ">", 100]]}, (0, 0)),
        ({"touchpoint": "Till"}, (0, 0)),
        ({"event": "'; DROP TABLE x; --"}, (0, 0)),
    ],
)
def test_each_condition(now, entry, expected):
    Touchpoint.objects.create(name="Till", channel="store")
    did(CustomerFactory(), "Order Completed", now, days=1, channel=Channel.STORE, price=20)
    assert counts([entry], now) == expected


def test_any_entry_reaches_the_step_and_nobody_counts_twice(now):
    ann, bo = CustomerFactory.create_batch(2)
    did(ann, "Order Completed", now, days=1)
    did(ann, "Product Viewed", now, days=1)
    did(bo, "Product Viewed", now, days=50)
    assert counts([{"event": "Order Completed"}, {"event": "Product Viewed"}], now) == (1, 2)


def test_the_nth_of_a_life_counts_when_it_or_a_later_one_is_in_the_window(now):
    old, new, once, back = CustomerFactory.create_batch(4)
    for days in (400, 300):
        did(old, "Order Completed", now, days=days)
    for days in (400, 5):
        did(new, "Order Completed", now, days=days)
    did(once, "Order Completed", now, days=5)
    for days in (400, 300, 60):
        did(back, "Order Completed", now, days=days)
    assert counts([{"event": "Order Completed", "nth": 2}], now) == (1, 2)
    assert counts([{"event": "Order Completed", "nth": 2}, {"event": "Order Completed"}], now) == (2, 3)


def test_a_retracted_entry_is_not_counted(now):
    user, ann = staff(Role.AGENT), CustomerFactory()
    log.enter(customer=ann, event="Called", by=By.CUSTOMER, channel=Channel.PHONE, at=now, now=now, note="",
              user=user)  # fmt: skip
    assert counts([{"event": "Called"}], now) == (1, 1)
    log.retract(interaction=ann.interactions.get(), user=user, now=now)
    assert counts([{"event": "Called"}], now) == (0, 0)


@pytest.mark.parametrize("number", [2, 20])
def test_ten_of_them_by_name_in_two_queries(now, number, django_assert_num_queries):
    customers = CustomerFactory.create_batch(number)
    for place, customer in enumerate(customers):
        did(customer, "Product Viewed", now, days=place)
    with django_assert_num_queries(2 + 4):  # and the time limit: savepoint, on, off, release
        found = reach([{"event": "Product Viewed"}], now=now, with_names=True)
    assert set(found.sample) == set(customers[:10])
    assert reach([{"event": "Product Viewed"}], now=now, with_names=False).sample == []


def test_what_takes_too_long_is_no_number(now, monkeypatch):
    did(CustomerFactory(), "Product Viewed", now)
    slow = reaching.not_retracted().extra(where=["pg_sleep(5) IS NOT NULL"])
    monkeypatch.setattr(reaching, "not_retracted", lambda: slow)
    found = reach([{"event": "Product Viewed"}], now=now, with_names=True, milliseconds=50)
    assert found == Reach(None, None, [])
    assert CustomerFactory().pk  # the connection goes on


class TestApi:
    def test_a_step_of_the_draft(self, client, now):
        journey = published_shop(now)
        step = journey.stages.get(name="Purchase").steps.get()
        client.force_login(staff(Role.VIEWER))
        found = client.get(f"/api/journeys/{journey.pk}/steps/{step.key}/reach/")
        assert found.json() == {"step": "Buys", "rule": "Order Completed", "customers_30_days": 0,
                                "customers_90_days": 0}  # fmt: skip
        other = f"/api/journeys/{journey.pk + 1}/steps/{step.key}/reach/"
        assert client.get(other).status_code == 404
