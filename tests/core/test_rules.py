"""The rule language: what is refused, what it means, and that both evaluations of a condition agree."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import rules
from apps.core.comparison import RuleError, compare, value_at
from apps.customers.models import Customer

pytestmark = pytest.mark.django_db
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=4)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, -1.5, 2.0, 2**53 + 1]), texts,
    st.sampled_from(["gold", "Gold", "GOLDEN", "ß", "İ", "z", "Z", "é", "10", "9"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=2)
    ),
    max_leaves=4,
)
paths = st.lists(st.sampled_from(["a", "b__c", "d'", "0", "-1", "b", '"', "%s", "{}"]), min_size=1, max_size=3).map(
    ".".join
)
conditions = st.one_of(
    st.tuples(st.sampled_from(["=", "!="]), values),
    st.tuples(st.sampled_from([">", ">=", "<", "<="]), st.one_of(st.integers(-3, 3), st.just(0.5), texts)),
    st.tuples(st.just("exists"), st.booleans()),
    st.tuples(st.just("in"), st.lists(values, max_size=3)),
    st.tuples(st.just("contains"), st.one_of(texts, st.sampled_from(["old", "OLD", "%", "_", "\\"]))),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["a", "b__c", "d'", "0", "%s"]), values, max_size=3), paths, conditions)
def test_both_evaluations_agree(traits, path, condition):
    operator, expected = condition
    customer = Customer.objects.create(traits=traits)
    rule = {"trait": [path, operator, expected]}
    rules.check(rule)
    scope = rules.Scope(now=timezone.now())
    found = Customer.objects.filter(rules.compiled(rule, scope), pk=customer.pk).exists()
    refused = Customer.objects.filter(rules.compiled({"not": rule}, scope), pk=customer.pk).exists()
    assert found is compare(operator, value_at(traits, path), expected)
    assert refused is not found


def fitting(rule) -> set:
    rules.check(rule)
    return set(Customer.objects.filter(rules.compiled(rule, rules.Scope(now=timezone.now()))))


def test_all_any_not_and_empty():
    gold = Customer.objects.create(traits={"plan": "gold", "age": 40})
    silver = Customer.objects.create(traits={"plan": "silver"})
    is_gold, is_old = {"trait": ["plan", "=", "gold"]}, {"trait": ["age", ">", 30]}
    assert fitting({}) == fitting({"all": []}) == {gold, silver}
    assert fitting({"any": []}) == fitting({"not": {}}) == fitting({"not": {"all": []}}) == set()
    assert fitting({"all": [is_gold, is_old]}) == fitting({"any": [is_gold, is_old]}) == {gold}
    assert fitting({"not": is_old}) == {silver}
    assert fitting({"any": [{}, is_gold]}) == {gold, silver}


def test_nested_values_and_places_in_lists():
    ann = Customer.objects.create(traits={"address": {"city": "Lund"}, "tags": ["a", "b"]})
    Customer.objects.create(traits={"address": "Lund", "address.city": "Lund"})
    assert fitting({"trait": ["address.city", "=", "Lund"]}) == {ann}
    assert fitting({"trait": ["tags.-1", "=", "b"]}) == {ann}
    assert fitting({"trait": ["tags.2", "exists", True]}) == set()


@pytest.mark.parametrize(
    "rule",
    [
        5,
        {"sometimes": []},
        {"all": {}},
        {"all": [], "any": []},
        {"trait": ["plan"]},
        {"trait": ["plan", "like", "x"]},
        {"trait": ["plan", ">", True]},
        {"trait": ["plan", "in", "x"]},
        {"trait": ["plan", "contains", 5]},
        {"trait": ["plan", "exists", "yes"]},
        {"trait": ["plan", "=", "\x00"]},
        {"trait": ["plan", "=", "\ud800"]},
        {"trait": ["plan", "=", float("inf")]},
        {"trait": ["plan..x", "=", 1]},
        {"trait": ["+1", "=", 1]},
        {"did": {}},
        {"did": {"event": "X", "at_least": 0}},
        {"did": {"event": "X", "_connector": "OR"}},
        {"did": {"event": "X", "channel": "telegraph"}},
        {"did": {"event": "X", "where": [["price", "=", 1]]}},
        {"did": {"event": "X", "where": "price"}},
        {"persona": "Nobody"},
        {"in_segment": "Nothing"},
        {"status": "contact"},
        {"tagged": ""},
        {"consents": {"channel": "email", "topic": "nothing"}},
        {"consents": {"channel": "store", "topic": "news"}},
        {"in_stage": {"journey": "None", "stage": "x"}},
        {"reached": {"journey": "None", "step": "x"}},
        {"overdue": {}},
        {"scored": {"kind": "nps", "from": 11}},
        {"scored": {"kind": "nps", "from": 8, "to": 3}},
        {"received": {"campaign": "None"}},
    ],
)
def test_a_rule_that_is_none(rule):
    with pytest.raises(RuleError):
        rules.check(rule)


def test_nesting_and_length_have_an_end():
    rule: dict = {}
    for _ in range(20):
        rule = {"not": rule}
    with pytest.raises(RuleError, match="nested"):
        rules.check(rule)
    with pytest.raises(RuleError, match="conditions"):
        rules.check({"all": [{"trait": ["a", "=", 1]}] * 201})


def test_what_a_rule_may_not_ask_here():
    with pytest.raises(RuleError, match="status cannot be asked here"):
        rules.check({"not": {"any": [{"status": "customer"}]}}, without=["status"])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "everybody"),
        ({"any": []}, "nobody"),
        ({"trait": ["plan", "=", "gold"]}, "plan is “gold”"),
        ({"not": {"trait": ["age", ">=", 18]}}, "not (age ≥ 18)"),
        (
            {"all": [{"status": "customer"}, {"any": [{"tagged": "vip"}, {"trait": ["city", "exists", False]}]}]},
            "status is Customer and (tagged “vip” or city is not known)",
        ),
        (
            {"did": {"event": "Order Completed", "at_least": 2, "within_days": 30, "channel": "web",
                     "where": [["properties.total", ">", 100], ["properties.coupon", "in", ["A", "B"]]]}},
            ("did Order Completed on Web with total > 100 and coupon is one of “A”, “B” at least 2 times"
            " in the last 30 days"),
        ),
        ({"scored": {"kind": "nps", "to": 6}}, "scored NPS from 0 to 6"),
    ],
)  # fmt: skip
def test_a_rule_in_plain_english(rule, said):
    assert rules.sentence(rule) == said


def test_what_depends_on_time():
    assert rules.depends_on_time({"not": {"did": {"event": "X", "within_days": 3}}})
    assert not rules.depends_on_time({"all": [{"did": {"event": "X"}}, {"trait": ["a", "=", 1]}]})
