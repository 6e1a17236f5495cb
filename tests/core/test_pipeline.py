"""The change queue: nobody holds up the others, nothing is lost."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from apps.core import actions, registry
from apps.core.enums import Origin
from apps.core.models import Change
from tests.factories import CustomerFactory
from tests.pipeline import in_other_hands

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def fails_for(monkeypatch):
    """A handler that fails for one customer; returns whom it saw."""
    bad, seen = CustomerFactory(), []

    def handler(batch):
        if bad.pk in batch.customer_ids:
            raise ValueError("cannot")
        seen.extend(batch.customer_ids)

    monkeypatch.setitem(registry.pipeline_handlers, 99, handler)
    return bad, seen


@pytest.mark.django_db
def test_a_customer_that_fails_is_postponed_and_holds_up_nobody(fails_for):
    bad, seen = fails_for
    good = CustomerFactory()
    actions.record_changes(customer_ids=[bad.pk, good.pk], origin=Origin.LIVE)
    actions.run_pipeline(now=NOW)
    assert seen == [good.pk]
    change = Change.objects.get()
    assert (change.customer_id, change.attempts, change.error) == (bad.pk, 1, "ValueError: cannot")
    assert actions.run_pipeline(now=NOW) == 0
    actions.run_pipeline(now=NOW + timedelta(minutes=1))
    assert Change.objects.get().attempts == 2


@pytest.mark.django_db
def test_live_changes_go_before_bulk_ones():
    first, second = CustomerFactory(), CustomerFactory()
    actions.record_changes(customer_ids=[first.pk], origin=Origin.PUBLISH)
    actions.record_changes(customer_ids=[second.pk], origin=Origin.LIVE)
    actions.run_pipeline(now=NOW, limit=1)
    assert Change.objects.get().customer_id == first.pk


@pytest.mark.django_db
def test_changes_of_the_erased_are_dropped():
    actions.record_changes(customer_ids=[987_654_321], origin=Origin.LIVE)
    assert actions.run_pipeline(now=NOW) == 1
    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_customer_in_other_hands_is_put_back():
    customer = CustomerFactory()
    actions.record_changes(customer_ids=[customer.pk], origin=Origin.STAFF)
    with in_other_hands(customer.pk):
        actions.run_pipeline(now=NOW)
    change = Change.objects.get()
    assert (change.customer_id, change.origin, change.attempts) == (customer.pk, "staff", 0)
    assert actions.run_pipeline(now=NOW + timedelta(seconds=1)) == 1
    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_workers_handle_each_change_once(monkeypatch):
    handled: list[int] = []
    monkeypatch.setitem(
        registry.pipeline_handlers, 99, lambda batch: handled.extend(c.interaction_id for c in batch.changes)
    )
    customers = [CustomerFactory() for _ in range(10)]
    for number in range(200):
        customer = customers[number % 10]
        Change.objects.create(customer_id=customer.pk, interaction_id=number, origin=Origin.LIVE)

    def work() -> None:
        try:
            for turn in range(200):
                if not actions.run_pipeline(now=NOW + timedelta(seconds=turn), limit=7):
                    return
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while actions.run_pipeline(now=NOW + timedelta(days=1)):
        pass
    assert sorted(handled) == list(range(200))
