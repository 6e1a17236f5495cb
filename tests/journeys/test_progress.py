"""The fold in the pipeline, on the database: arrival order, batching, repeats and refolds do not matter."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.actions import record_changes
from apps.core.enums import Origin
from apps.customers.actions.identities import Claim
from apps.customers.models import Customer
from apps.journeys import wire
from apps.journeys.actions import drafts, progress, publishing
from apps.journeys.models import Journey, Progress, StageEntry, StepVisit
from apps.touchpoints.actions import ingest, log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction
from apps.touchpoints.wire import Item
from tests.journeys.maps import EVENTS, SHOP
from tests.journeys.oracle import Happened, history
from tests.pipeline import drain

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop() -> Journey:
    journey = drafts.import_text(text=wire.read(SHOP))
    publishing.publish(journey=journey, now=START, by=None)
    return Journey.objects.get(pk=journey.pk)


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


def item(number: int, day: float, event: str, user: str = "u1", by: By = By.CUSTOMER) -> Item:
    at = START + timedelta(days=day)
    return Item(Claim(external_id=user), f"m{number}", at, event, by, None, {}, {})


def send(source, items, *, at=START, origin=Origin.LIVE) -> None:
    ingest.store(source=source, items=items, received_at=at, origin=origin)


def stored(journey: Journey, user: str = "u1") -> list[tuple]:
    names = {str(stage.key): stage.name for stage in journey.stages.all()}
    found = StageEntry.objects.standing().filter(journey=journey, customer__identities__value=user)
    return [
        (row.lap, names[str(row.stage_key)], row.entered_at, row.left_at, row.overdue_at)
        # A stage that was entered and left in the same moment comes before the one that followed.
        for row in found.order_by("entered_at", F("left_at").asc(nulls_last=True), "pk")
    ]


def test_a_batch_moves_its_customers(shop, source):
    send(
        source,
        [item(1, 0, "Product Viewed"), item(2, 1, "Order Completed"), item(3, 0, "Product Viewed", "u2")],
    )
    drain(START + timedelta(days=2))
    assert [row[:2] for row in stored(shop)] == [(1, "Awareness"), (1, "Purchase")]
    assert Progress.objects.get(customer__identities__value="u2").stage_key == shop.stages.get(name="Awareness").key


def test_the_number_of_queries_does_not_grow_with_customers(shop, source):
    counts = []
    for size in (2, 20):
        send(source, [item(1000 * size + n, 0, "Product Viewed", f"s{size}-{n}") for n in range(size)])
        with CaptureQueriesContext(connection) as captured:
            drain(START + timedelta(days=2))
        counts.append(len(captured))
    assert counts[0] == counts[1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 300),
            st.sampled_from(EVENTS),
            st.sampled_from([By.CUSTOMER, By.CUSTOMER, By.COMPANY]),
        ),
        min_size=1,
        max_size=14,
        unique_by=lambda row: row[0],  # ties in time keep arrival order, so they are left out
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_batching_and_duplication_give_the_history_of_the_oracle(shop, source, rows, random):
    Customer.objects.filter(identities__value="u1").delete()
    Interaction.objects.all().delete()
    items = [item(number, day, event, by=by) for number, (day, event, by) in enumerate(rows)]
    arriving = [*items, *random.sample(items, k=len(items) // 3)]
    random.shuffle(arriving)
    at = START + timedelta(days=301)
    while arriving:
        size = random.randint(1, 5)
        send(source, arriving[:size], at=at)
        arriving = arriving[size:]
        if random.random() < 0.7:
            drain(at)
    drain(at)
    text = wire_text(shop)
    truth = history(text, [Happened(n, one.occurred_at, one.event, one.by) for n, one in enumerate(items)], at)
    assert Interaction.objects.count() == len(items)
    assert stored(shop) == truth
    before = list(StageEntry.objects.standing().order_by("pk").values_list("pk", "entered_at", "left_at"))
    record_changes(customer_ids=[Customer.objects.present().get().pk], origin=Origin.REBUILD)
    drain(at)
    assert list(StageEntry.objects.standing().order_by("pk").values_list("pk", "entered_at", "left_at")) == before


def wire_text(journey: Journey) -> dict:
    assert journey.current_version is not None
    return journey.current_version.snapshot


def test_a_late_event_gives_the_history_of_an_arrival_in_order_and_keeps_the_rows(shop, source):
    at = START + timedelta(days=30)
    send(source, [item(1, 2, "Order Completed")])
    drain(at)
    purchase = StageEntry.objects.get()
    send(source, [item(2, 1, "Product Viewed")])
    drain(at)
    assert [row[1] for row in stored(shop)] == ["Awareness", "Purchase"]
    assert StageEntry.objects.standing().order_by("entered_at").last() == purchase


def test_a_vanished_entry_stays_withdrawn(shop, source):
    at = START + timedelta(days=80)
    send(source, [item(1, 0, "Product Viewed")])
    drain(at)
    assert [row[1] for row in stored(shop)] == ["Awareness", "Lapsed"]
    lapsed = StageEntry.objects.order_by("entered_at").last()
    send(source, [item(2, 30, "Something Else")])
    drain(at)
    assert [row[1] for row in stored(shop)] == ["Awareness"]
    lapsed.refresh_from_db()
    assert lapsed.withdrawn_at == at


def test_time_alone_is_looked_at_by_the_sweep(shop, source):
    send(source, [item(1, 0, "Product Viewed")])
    drain(START + timedelta(hours=1))
    assert progress.request_look(now=START + timedelta(days=6)) == 0
    assert progress.request_look(now=START + timedelta(days=8)) == 1
    assert progress.request_look(now=START + timedelta(days=8)) == 0
    drain(START + timedelta(days=8))
    assert stored(shop)[0][4] == START + timedelta(days=7)
    assert Progress.objects.get().look_again_at == START + timedelta(days=60)


def test_publishing_folds_what_was_there_before_as_publish(source):
    send(source, [item(1, 0, "Product Viewed")])
    drain(START)
    journey = drafts.import_text(text=wire.read(SHOP))
    publishing.publish(journey=journey, now=START, by=None)
    drain(START + timedelta(days=1))
    assert StageEntry.objects.get().origin == Origin.PUBLISH


def test_an_event_claimed_with_a_merge_is_still_live(shop, source):
    send(source, [Item(Claim(anonymous_id="a1"), "x1", START, "Product Viewed", By.CUSTOMER, None, {}, {})])
    drain(START)
    seen_before = StageEntry.objects.get()
    both = Claim(external_id="u1", anonymous_id="a1")
    send(source, [item(5, 0, "Something Else")])
    drain(START)
    send(
        source,
        [
            Item(both, "x2", START + timedelta(days=1), "Identify", By.MACHINE, None, {}, {}),
            Item(both, "x3", START + timedelta(days=2), "Order Completed", By.CUSTOMER, None, {}, {}),
        ],
    )
    drain(START + timedelta(days=2))
    first, second = StageEntry.objects.order_by("entered_at")
    assert (first.pk, first.customer.identities.get(kind="external").value) == (seen_before.pk, "u1")
    assert (second.origin, StageEntry.objects.filter(withdrawn_at=None).count()) == (Origin.LIVE, 2)


def test_a_retracted_entry_never_happened(shop, django_user_model):
    user = django_user_model.objects.create_user("agent@example.com")
    customer = Customer.objects.create(name="Ann")
    log.enter(
        customer=customer, event="Order Completed", by=By.CUSTOMER, channel=Channel.STORE, at=START, now=START,
        note="", user=user,
    )  # fmt: skip
    drain(START)
    assert StageEntry.objects.standing().count() == 1
    log.retract(interaction=Interaction.objects.get(), user=user, now=START)
    drain(START)
    assert StageEntry.objects.standing().count() == 0
    assert StepVisit.objects.count() == 0
    with pytest.raises(log.NotRetractable):
        log.retract(interaction=Interaction.objects.order_by("pk").first(), user=user, now=START)
