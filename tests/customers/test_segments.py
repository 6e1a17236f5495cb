"""Segments: kept by the pipeline, by builds and by sweeps, and equal to a full build whatever happens."""

from datetime import timedelta

import pytest

from apps.core import rules
from apps.core.comparison import RuleError
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers import selectors
from apps.customers.actions import consents, segments
from apps.customers.enums import Choice, SegmentKind
from apps.customers.models import Customer, Membership, Segment, Topic
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
TWICE = {"did": {"event": "Order Completed", "at_least": 2, "within_days": 30}}
GOLD = {"trait": ["plan", "=", "gold"]}


def segment(name, rule, now, **fields) -> Segment:
    made = segments.save(segment=Segment(name=name, rule=rule, **fields), by=None, now=now)
    segments.keep(now=now)
    made.refresh_from_db()
    return made


def members(of: Segment) -> set[int]:
    return set(Membership.objects.current().filter(segment=of).values_list("customer_id", flat=True))


def buys(customer: Customer, at, number: int, event: str = "Order Completed") -> None:
    log.record(
        customer_id=customer.pk, event=event, by=By.CUSTOMER, channel=Channel.WEB, at=at, received_at=at,
        message_id=f"{event}:{customer.pk}:{number}:{at:%s}",
    )  # fmt: skip


def test_a_new_rule_is_built_for_everybody_and_fires_nothing(now):
    gold, _silver = CustomerFactory(traits={"plan": "gold"}), CustomerFactory(traits={"plan": "silver"})
    vips = segment("VIPs", GOLD, now)
    assert members(vips) == {gold.pk}
    assert (vips.size, vips.built_rule) == (1, GOLD)
    assert Membership.objects.get().origin == Origin.REBUILD
    assert not Change.objects.exists()


def test_joins_and_leaves_follow_what_happens_and_time(now):
    ann = CustomerFactory()
    often = segment("Often", TWICE, now)
    buys(ann, now, 1)
    drain(now)
    assert members(often) == set()
    buys(ann, now, 2)
    drain(now)
    assert members(often) == {ann.pk}
    later = now + timedelta(days=31)
    segments.keep(now=later)
    drain(later)
    assert members(often) == set()
    gone = Membership.objects.get()
    assert (gone.joined_at, gone.left_at, gone.origin) == (now, later, Origin.LIVE)


def test_a_taken_back_entry_counts_no_more(now, django_user_model):
    user = django_user_model.objects.create_user("a@staff.example", "x")
    ann = CustomerFactory()
    visited = segment("Visited", {"did": {"event": "Store visit"}}, now)
    log.enter(
        customer=ann, event="Store visit", by=By.CUSTOMER, channel=Channel.STORE, at=now, now=now, note="", user=user
    )
    drain(now)
    assert members(visited) == {ann.pk}
    log.retract(interaction=ann.interactions.get(), user=user, now=now)
    drain(now)
    assert members(visited) == set()


def test_a_yes_and_a_no_are_followed_also_by_those_who_share_the_address(now):
    """An answer is no interaction, so nothing else would make the pipeline look."""
    news = Topic.objects.get(key="news")
    ann, bo = (CustomerFactory(email="home@mail.example") for _ in range(2))
    readers = segment("Readers", {"consents": {"channel": "email", "topic": "news"}}, now)
    for customer in (ann, bo):
        consents.record(customer=customer, channel="email", topic=news, choice=Choice.IN, at=now)
    drain(now)
    assert members(readers) == {ann.pk, bo.pk}
    consents.record(customer=ann, channel="email", topic=news, choice=Choice.OUT, at=now)
    drain(now)
    assert members(readers) == set(), "the no is kept for the address too"
    assert set(Membership.objects.values_list("origin", flat=True)) == {Origin.LIVE}


@pytest.mark.parametrize(
    ("topic", "answers", "fits"),
    [
        ("news", [], False), ("news", [Choice.IN], True), ("news", [Choice.IN, Choice.OUT], False),
        ("news", [Choice.OUT, Choice.IN], False),  # the no is also of the address
        ("service", [], True), ("service", [Choice.IN], True), ("service", [Choice.OUT], False),
    ],
)  # fmt: skip
def test_who_consents_by_rule_is_whom_the_gate_lets_be_written_to(now, topic, answers, fits):
    ann, asked = CustomerFactory(), Topic.objects.get(key=topic)
    for number, choice in enumerate(answers):
        at = now + timedelta(minutes=number)
        consents.record(customer=ann, channel="email", topic=asked, choice=choice, at=at)
    rule = {"consents": {"channel": "email", "topic": topic}}
    found = Customer.objects.filter(rules.compiled(rule, rules.Scope(now=now)))
    no = selectors.says_no(customer=ann, address=ann.email, channel="email", topic=asked)
    assert (found.filter(pk=ann.pk).exists(), no is None) == (fits, fits)


def test_an_edited_rule_is_built_anew(now):
    gold, silver = CustomerFactory(traits={"plan": "gold"}), CustomerFactory(traits={"plan": "silver"})
    vips = segment("VIPs", GOLD, now)
    vips.rule = {"not": GOLD}
    segments.save(segment=vips, by=None, now=now)
    assert members(vips) == {gold.pk}  # until it is built
    segments.keep(now=now + timedelta(minutes=1))
    assert members(vips) == {silver.pk}
    assert Membership.objects.get(customer=gold).left_at == now + timedelta(minutes=1)


def test_a_segment_of_a_segment_follows_in_the_same_pass(now):
    ann = CustomerFactory()
    buyers = segment("Buyers", {"did": {"event": "Order Completed"}}, now)
    # Its name comes first and it was made later: neither decides.
    best = segment("Best", {"all": [{"in_segment": "Buyers"}, {"not": {"tagged": "rude"}}]}, now)
    buys(ann, now, 1)
    drain(now)
    assert members(buyers) == members(best) == {ann.pk}


def test_circles_and_names_that_rules_ask_for_are_refused(now):
    one = segment("One", GOLD, now)
    segment("Two", {"in_segment": "One"}, now)
    one.rule = {"not": {"in_segment": "Two"}}
    with pytest.raises(RuleError, match="asks for this one"):
        segments.save(segment=one, by=None, now=now)
    one.refresh_from_db()
    one.name = "Other"
    with pytest.raises(segments.SegmentError, match='the segment "Two"'):
        segments.save(segment=one, by=None, now=now)
    with pytest.raises(segments.SegmentError, match='the segment "Two"'):
        segments.delete(segment=one)
    with pytest.raises(RuleError, match="add a condition"):
        segments.save(segment=Segment(name="All", rule={}), by=None, now=now)
    with pytest.raises(segments.SegmentError, match="already"):
        segments.save(segment=Segment(name="Two", rule=GOLD), by=None, now=now)


def test_a_list_is_kept_by_hand(now):
    ann, bo = CustomerFactory(), CustomerFactory()
    invited = segment("Invited", {}, now, kind=SegmentKind.LIST)
    assert segments.add(segment=invited, customer_ids=[ann.pk, bo.pk, 10**9], now=now) == 2
    assert segments.add(segment=invited, customer_ids=[ann.pk], now=now) == 0
    assert segments.remove(segment=invited, customer_ids=[bo.pk], now=now) == 1
    drain(now)
    assert members(invited) == {ann.pk}
    with pytest.raises(segments.SegmentError, match="follows a rule"):
        segments.add(segment=segment("VIPs", GOLD, now), customer_ids=[ann.pk], now=now)


def test_a_pass_costs_the_same_number_of_queries_for_two_customers_and_for_twenty(now, django_assert_max_num_queries):
    for number in range(3):
        segment(f"S{number}", {"all": [TWICE, {"trait": ["n", ">", number]}]}, now)
    for customers in (2, 20):
        for number, customer in enumerate(CustomerFactory.create_batch(customers)):
            buys(customer, now, number)
        with django_assert_max_num_queries(45):
            drain(now)
