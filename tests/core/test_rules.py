"""Both evaluations of a condition agree: in SQL over traits, in Python over the same values."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import rules
from apps.core.comparison import RuleError, compare, value_at
from apps.customers.models import Customer

pytestmark = pytest.mark.django_db
# PostgreSQL keeps no NUL, and orders text by its own collation, so texts are compared for equality only here.
texts = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=3)
values = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, -1.5, 2.0]), texts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["a", "b__c", "d'"]), values, max_size=3),
    st.sampled_from(["a", "b__c", "d'", "e"]),
    st.one_of(
        st.tuples(st.sampled_from(["=", "!="]), values),
        st.tuples(st.sampled_from([">", ">=", "<", "<="]), st.one_of(st.integers(-3, 3), st.just(0.5))),
        st.tuples(st.just("exists"), st.booleans()),
        st.tuples(st.just("in"), st.lists(values, max_size=3)),
    ),
)
def test_both_evaluations_agree(traits, key, condition):
    operator, expected = condition
    customer = Customer.objects.create(traits=traits)
    rule = {"trait": [key, operator, expected]}
    rules.check(rule)
    found = Customer.objects.filter(rules.compiled(rule, rules.Scope(now=timezone.now())), pk=customer.pk).exists()
    actual = traits[key] if key in traits else value_at({}, "missing")
    assert found is compare(operator, actual, expected)


def test_all_any_not_and_empty():
    gold = Customer.objects.create(traits={"plan": "gold", "age": 40})
    silver = Customer.objects.create(traits={"plan": "silver"})

    def fits(rule) -> set:
        rules.check(rule)
        return set(Customer.objects.filter(rules.compiled(rule, rules.Scope(now=timezone.now()))))

    is_gold, is_old = {"trait": ["plan", "=", "gold"]}, {"trait": ["age", ">", 30]}
    assert fits({}) == fits({"all": []}) == {gold, silver}
    assert fits({"any": []}) == set()
    assert fits({"all": [is_gold, is_old]}) == fits({"any": [is_gold, is_old]}) == {gold}
    assert fits({"not": is_old}) == {silver}
    assert fits({"any": [{}, is_gold]}) == {gold, silver}


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
        {"did": {}},
        {"did": {"event": "X", "at_least": 0}},
        {"did": {"event": "X", "_connector": "OR"}},
    ],
)
def test_a_rule_that_is_none(rule):
    with pytest.raises(RuleError):
        rules.check(rule)


def test_nesting_has_an_end():
    rule: dict = {}
    for _ in range(20):
        rule = {"not": rule}
    with pytest.raises(RuleError):
        rules.check(rule)
