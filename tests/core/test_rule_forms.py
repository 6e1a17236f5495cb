"""The rule builder: a rule goes through the form and comes back the same; operations; nonsense is kept or refused."""

import pytest

from apps.core import rule_forms, rules
from apps.core.comparison import RuleError

pytestmark = pytest.mark.django_db
P = "rule"


def controls(node) -> dict[str, str]:
    """What a browser would send."""
    data = {}
    if node.join:
        data[f"{node.name}.join"] = node.join
        for child in node.children:
            data |= controls(child)
        return data
    data[f"{node.name}.is"] = node.predicate
    for control in node.controls:
        if control.field.kind in {"comparison", "comparisons"}:
            for number, row in enumerate(control.rows):
                base = f"{control.name}.{number}"
                data |= {f"{base}.path": row.path, f"{base}.operator": row.operator, f"{base}.value": row.value}
        else:
            data[control.name] = control.value
    return data


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"trait": ["plan", "=", "gold"]},
        {"trait": ["age", ">=", 18]},
        {"trait": ["age", "=", "18"]},
        {"trait": ["city", "in", ["Lund", "a, b", 3, None]]},
        {"trait": ["city", "contains", "10"]},
        {"trait": ["city", "exists", False]},
        {"not": {"status": "former"}},
        {"did": {"event": "Order Completed", "at_least": 2, "within_days": 30, "channel": "web",
                 "where": [["properties.total", ">", 10.5], ["properties.coupon", "!=", True]]}},
        {"all": [{"tagged": "vip"},
                 {"any": [{"status": "customer"}, {"not": {"any": [{"tagged": "a"}, {"tagged": "b"}]}}]}]},
        {"scored": {"kind": "nps", "to": 6}},
        {"consents": {"channel": "email", "topic": "news"}},
    ],
)  # fmt: skip
def test_there_and_back(rule):
    rules.check(rule)
    node = rule_forms.from_rule(rule, prefix=P)
    again = rule_forms.read(controls(node), prefix=P)
    assert rule_forms.to_rule(again) == rule
    assert controls(again) == controls(node)


def test_operations():
    node = rule_forms.read({}, prefix=P, op="add:rule")
    node = rule_forms.read(controls(node), prefix=P, op="group:rule")
    assert [(c.name, c.join) for c in node.children] == [("rule.0", ""), ("rule.1", "any")]
    data = controls(node) | {"rule.0.is": "did", "rule.0.event": "Order Completed"}
    node = rule_forms.read(data, prefix=P, op="row:rule.0.where")
    assert len(node.children[0].controls[1].rows) == 1
    node = rule_forms.read(controls(node), prefix=P, op="unrow:rule.0.where.0")
    assert node.children[0].controls[1].rows == []
    node = rule_forms.read(controls(node), prefix=P, op="remove:rule.0")
    assert [child.name for child in node.children] == ["rule.0"]
    assert node.children[0].join == "any"
    assert rule_forms.to_rule(node) == {}


def test_an_operation_on_something_that_is_not_there_does_nothing():
    for op in ("add:rule.7", "remove:rule.7", "row:x", "nonsense:rule", "unrow:rule.0.where.x", "add:"):
        assert rule_forms.read({}, prefix=P, op=op).children == []


def test_conditions_without_what_they_need_are_left_out_and_nonsense_is_refused():
    data = {"rule.join": "all", "rule.0.is": "did", "rule.0.event": "", "rule.1.is": "tagged", "rule.1.value": "vip"}
    assert rule_forms.to_rule(rule_forms.read(data, prefix=P)) == {"tagged": "vip"}
    data = {"rule.0.is": "did", "rule.0.event": "X", "rule.0.at_least": "many"}
    rule = rule_forms.to_rule(rule_forms.read(data, prefix=P))
    assert rule == {"did": {"event": "X", "at_least": "many"}}
    with pytest.raises(RuleError, match="whole number"):
        rules.check(rule)


def test_hostile_names_and_sizes():
    data = {"rule.0.is": "password", "rule.0.__class__": "x", "rule.99999.is": "did", "rule.a.b": "c"}
    assert rule_forms.to_rule(rule_forms.read(data, prefix=P)) == {}
    with pytest.raises(RuleError, match="too many"):
        rule_forms.read({f"rule.{n}.is": "did" for n in range(5000)}, prefix=P)
