"""`rebuild_progress`: finds a stored history that is not what the interactions say, and mends it."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.customers.models import Customer
from apps.journeys.models import Journey, StageEntry
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory, published_shop
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
AT = datetime.now(UTC)


def run(*arguments: str) -> tuple[str, int]:
    """What it wrote, with the error, and its exit code."""
    out = StringIO()
    try:
        call_command("rebuild_progress", *arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


@pytest.fixture
def shop(now) -> Journey:
    return published_shop(now)


def does(customer: Customer, event: str, days_ago: float) -> None:
    at = AT - timedelta(days=days_ago)
    log.record(customer_id=customer.pk, event=event, by=By.CUSTOMER, channel=Channel.WEB, at=at, received_at=at,
               message_id=f"{customer.pk}:{event}")  # fmt: skip


@pytest.fixture
def people(shop) -> tuple[Customer, Customer]:
    ann, bo = CustomerFactory(), CustomerFactory()
    for customer in (ann, bo):
        does(customer, "Product Viewed", 3)
        does(customer, "Order Completed", 1)
    drain(AT)
    return ann, bo


def history(customer: Customer) -> list[tuple]:
    found = StageEntry.objects.standing().filter(customer=customer).order_by("entered_at")
    return list(found.values_list("stage_key", "lap", "entered_at", "left_at"))


def test_what_is_right_is_said_to_be_right(people):
    assert run("--check") == ("2 customers checked: stored and recomputed history are equal.\n", 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: StageEntry.objects.filter(pk=entry.pk).update(entered_at=entry.entered_at + timedelta(seconds=1)),
        lambda entry: StageEntry.objects.filter(pk=entry.pk).update(left_at=None),
        lambda entry: StageEntry.objects.filter(pk=entry.pk).update(withdrawn_at=AT),
    ],
    ids=["shifted", "still in it", "gone"],
)
def test_a_difference_is_found_named_and_mended(people, shop, spoil):
    ann, bo = people
    truth = {customer.pk: history(customer) for customer in people}
    assert [len(rows) for rows in truth.values()] == [2, 2]
    spoil(StageEntry.objects.standing().filter(customer=ann).earliest("entered_at"))
    assert history(ann) != truth[ann.pk]
    said = f"customer {ann.pk}, journey {shop}: stored and recomputed history differ\n1 of 2 customers differ."
    assert run("--check") == (said, 1)
    assert history(ann) != truth[ann.pk], "--check changes nothing"
    assert run() == ("2 customers are on the change queue; a worker folds them anew.\n", 0)
    drain(AT + timedelta(minutes=1))
    assert {customer.pk: history(customer) for customer in people} == truth
    assert run("--check") == ("2 customers checked: stored and recomputed history are equal.\n", 0)
    assert history(bo) == truth[bo.pk]
