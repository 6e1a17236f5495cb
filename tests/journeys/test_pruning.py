"""Pruning: the history goes on as if nothing had gone; what arrives for a pruned time is kept and not folded."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import locks, pruning
from apps.core.actions import record_changes
from apps.core.enums import Origin
from apps.core.models import Change, CompanySettings
from apps.customers.actions import merges
from apps.customers.models import Customer
from apps.journeys import wire
from apps.journeys.actions import drafts, progress, publishing, rebuilding
from apps.journeys.actions import pruning as pruning_of_interactions
from apps.journeys.models import Baseline, Journey, Progress, StageEntry, StageMove, StepVisit
from apps.touchpoints.actions import ingest, log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction
from tests.journeys.maps import EVENTS, SHOP
from tests.journeys.test_progress import item
from tests.pipeline import drain

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)
PRUNED, WHOLE = "pruned", "whole"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def shop() -> Journey:
    journey = drafts.import_text(text=wire.read(SHOP))
    publishing.publish(journey=journey, now=START, by=None)
    return Journey.objects.get(pk=journey.pk)


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


@pytest.fixture
def keeps_a_month(db) -> None:
    CompanySettings.objects.create(pk=1, keep_interactions_days=30)


def customer(user: str) -> Customer:
    return Customer.objects.get(identities__value=user)


def send(source, *happened, users=("u1",), at=START) -> None:
    items = [item(f"{user}-{number}", days, event, user, by) for user in users for number, days, event, by in happened]
    ingest.store(source=source, items=items, received_at=at, origin=Origin.LIVE)


def did(number: int, days: float, event: str, by: By = By.CUSTOMER) -> tuple:
    return number, days, event, by


def prune(now: datetime, *, limit: int = 5000) -> int:
    return pruning.prune(now=now, goes_on=lambda: True, limit=limit)["interactions"]


def told(user: str) -> dict[str, list[tuple]]:
    """Everything that journeys store of a customer, but for ids."""
    pk = customer(user).pk
    entries = StageEntry.objects.standing().filter(customer=pk).order_by("entered_at", "stage_key")
    visits = StepVisit.objects.filter(customer=pk).order_by("at", "interaction_id")
    moves = StageMove.objects.filter(customer=pk).order_by("at", "pk")
    now = Progress.objects.filter(customer=pk)
    return {
        "entries": list(entries.values_list("stage_key", "lap", "entered_at", "left_at", "overdue_at")),
        "visits": list(visits.values_list("step_key", "lap", "at", "is_backward", "is_repeated")),
        "moves": sorted(map(str, moves.values_list("kind", "from_stage_key", "to_stage_key", "lap", "at"))),
        "now": list(now.values_list("stage_key", "step_key", "lap", "entered_at", "is_overdue", "look_again_at")),
    }


def test_nothing_goes_where_the_company_keeps_everything(shop, source):
    send(source, did(1, 0, "Product Viewed"))
    drain(day(1))
    assert prune(day(4000)) == 0
    assert Interaction.objects.count() == 1


def test_what_waits_in_the_change_queue_stays_until_it_is_folded(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"))
    assert prune(day(40)) == 0
    drain(day(40))
    assert prune(day(40)) == 1
    assert StepVisit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_in_the_hands_of_the_pipeline_comes_the_next_time(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"))
    look(day(40))
    other = connections["default"].copy()
    try:
        with transaction.atomic(), other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [locks.CUSTOMER + customer("u1").pk])
        assert prune(day(40)) == 0
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    assert prune(day(40)) == 1
    assert prune(day(40)) == 0


def test_who_was_not_looked_at_up_to_the_cut_comes_the_next_time(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"))
    drain(day(1))
    assert prune(day(40)) == 0  # overdue since day 7, and the sweep has not been here
    look(day(40))
    assert prune(day(40)) == 1
    assert told("u1")["entries"][0][4] == day(7)


def look(now: datetime) -> None:
    """As the sweep does: what time alone did is folded up to now."""
    drain(now)
    progress.request_look(now=now)
    drain(now)


def test_the_first_pruning_and_one_that_goes_on_from_it(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"), did(2, 20, "Order Completed"), did(3, 39, "Product Viewed"))
    drain(day(40))
    before = told("u1")
    assert prune(day(40)) == 1
    assert Baseline.objects.get().cut_at == day(10)
    assert prune(day(55)) == 1
    assert Baseline.objects.get().cut_at == day(25)
    record_changes(customer_ids=[customer("u1").pk], origin=Origin.REBUILD)
    drain(day(40))
    assert told("u1") == before
    assert rebuilding.compare(now=day(40)) == (1, [])


def test_somebody_with_more_than_a_batch_goes_part_by_part(shop, source, keeps_a_month):
    send(source, *(did(number, number / 10, "Product Viewed") for number in range(25)))
    send(source, *(did(100 + number, 3, "Product Viewed") for number in range(25)))
    send(source, did(200, 1, "Product Viewed"), users=["u2"])
    look(day(60))
    before = told("u1")
    rows = list(pruning_of_interactions.batches(_with_setting(day(60)), 10))
    assert (sum(rows), max(rows)) == (51, 25)  # those of one moment stay together
    record_changes(customer_ids=[customer("u1").pk], origin=Origin.REBUILD)
    look(day(60))
    assert told("u1") == before


def _with_setting(now: datetime) -> datetime:
    assert CompanySettings.current().keep_interactions_days == 30
    return now


def test_what_arrives_for_a_pruned_time_is_kept_until_the_next_pruning_and_not_folded(shop, source, keeps_a_month):
    send(source, did(1, 5, "Product Viewed"))
    drain(day(6))
    assert prune(day(40)) == 1
    before = told("u1")
    send(source, did(2, 7, "Order Completed"), at=day(40))
    drain(day(6))
    assert told("u1") == before
    assert Interaction.objects.get().event == "Order Completed"
    assert prune(day(41)) == 1
    assert not Interaction.objects.exists()
    record_changes(customer_ids=[customer("u1").pk], origin=Origin.REBUILD)
    drain(day(6))
    assert told("u1") == before


def test_a_retraction_after_the_cut_counts_when_the_cut_is_made(shop, keeps_a_month, django_user_model):
    user = django_user_model.objects.create_user("agent@example.com")
    ann = Customer.objects.create(name="Ann")
    log.enter(customer=ann, event="Order Completed", by=By.CUSTOMER, channel=Channel.STORE, at=START, now=START,
              note="", user=user)  # fmt: skip
    drain(START)
    log.retract(interaction=Interaction.objects.get(), user=user, now=day(20))
    drain(day(20))
    assert prune(day(40)) == 1
    record_changes(customer_ids=[ann.pk], origin=Origin.REBUILD)
    drain(day(40))
    assert not StageEntry.objects.standing().exists()
    assert "stage" not in Baseline.objects.get().state


def test_a_new_version_goes_on_from_the_cut(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"), did(2, 1, "Order Completed"))
    look(day(40))
    prune(day(40))
    shop.stages.create(name="Idea", kind="problem", position=0)
    for number, name in enumerate(["Awareness", "Consideration", "Purchase", "Loyalty", "Lapsed"], start=1):
        shop.stages.filter(name=name).update(position=number)
    publishing.publish(journey=shop, now=day(40), by=None)
    send(source, did(3, 41, "Order Completed"), at=day(41))
    drain(day(41))
    names = dict(shop.stages.values_list("key", "name"))
    now = Progress.objects.get()
    assert (names[now.stage_key], now.lap) == ("Loyalty", 1)  # the second order, though the first has gone
    assert [names[row.stage_key] for row in StageEntry.objects.standing().order_by("entered_at")] == [
        "Awareness", "Purchase", "Loyalty",
    ]  # fmt: skip


def test_whose_stage_is_gone_from_the_map_is_in_the_one_before_it(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"), did(2, 1, "Product Added"))
    look(day(40))
    prune(day(40))
    shop.stages.filter(name="Consideration").delete()
    publishing.publish(journey=shop, now=day(40), by=None)
    drain(day(40))
    names = dict(shop.stages.values_list("key", "name"))
    assert names[Progress.objects.get().stage_key] == "Awareness"
    assert StageEntry.objects.standing().filter(left_at=None).get().origin in {Origin.PUBLISH, Origin.REBUILD}


def test_a_pruned_state_is_moved_by_a_merge(shop, source, keeps_a_month):
    send(source, did(1, 0, "Product Viewed"), users=["u1"])
    look(day(40))
    prune(day(40))
    kept = Customer.objects.create(name="Ann")
    with transaction.atomic():
        merges.absorb(gone_ids=[customer("u1").pk], kept_ids=[kept.pk])
    drain(day(40))
    assert Baseline.objects.get().customer_id == kept.pk
    assert Progress.objects.get(customer=kept).lap == 1


HISTORY = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from(EVENTS), st.sampled_from([By.CUSTOMER, By.CUSTOMER, By.COMPANY])),
    min_size=1,
    max_size=16,
    unique_by=lambda row: row[0],
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORY, st.lists(st.integers(0, 320), max_size=3), st.integers(0, 300), st.randoms(use_true_random=False))
def test_pruning_and_going_on_gives_the_history_that_was_never_pruned(shop, source, rows, cuts, split, random):
    """Two customers live the same; one is pruned at random cuts, between which events arrive, some late."""
    Customer.objects.all().delete()
    Interaction.objects.all().delete()
    Change.objects.all().delete()
    happened = [did(number, days, event, by) for number, (days, event, by) in enumerate(rows)]
    first = [one for one in happened if one[1] <= split]
    later = [one for one in happened if one[1] > split]
    random.shuffle(later)
    arrived = [*first]
    if first:
        send(source, *first, users=[PRUNED, WHOLE])
    drain(day(split))
    for cut in sorted(cuts):
        # Nothing that arrives later lies before a cut that was made: see the test of what is not folded.
        on_time = [one for one in later if one[1] <= cut]
        later = [one for one in later if one[1] > cut]
        arrived += on_time
        if on_time:
            send(source, *on_time, users=[PRUNED, WHOLE])
        look(day(max(cut, split)))
        if arrived:
            pruning_of_interactions.prune_customers(customer_ids=[customer(PRUNED).pk], cut=day(cut))
            assert not Interaction.objects.filter(customer=customer(PRUNED), occurred_at__lt=day(cut)).exists()
    while later:
        send(source, *later[:2], users=[PRUNED, WHOLE])
        later = later[2:]
        drain(day(301))
    drain(day(321))
    assert told(PRUNED) == told(WHOLE)
    record_changes(customer_ids=[customer(PRUNED).pk, customer(WHOLE).pk], origin=Origin.REBUILD)
    drain(day(321))
    assert told(PRUNED) == told(WHOLE)
    assert rebuilding.compare(now=day(321)) == (2, [])
