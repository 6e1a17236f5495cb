"""The rule language: a JSON tree of `all any not` over predicates that apps register, compiled to a condition on any
table that names customers. So far: `trait` and `did`; more predicates come with their features."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Func, JSONField, OuterRef, Q, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from apps.core.comparison import RuleError, check_comparison

MAX_DEPTH = 10


@dataclass(frozen=True)
class Scope:
    """Where a rule is asked. `customer` is the path from the row to the customer ("" on the customer itself);
    `after` names the field of the row after which `did` counts, unless the rule says `ever`."""

    now: datetime
    customer: str = ""
    after: str | None = None

    @property
    def customer_id(self) -> OuterRef:
        return OuterRef(f"{self.customer}_id" if self.customer else "pk")

    def path(self, name: str) -> str:
        return f"{self.customer}__{name}" if self.customer else name


@dataclass(frozen=True)
class Predicate:
    check: Callable[[Any], None]
    compile: Callable[[Any, Scope], Q]


_predicates: dict[str, Predicate] = {}


def register(name: str, predicate: Predicate) -> None:
    _predicates[name] = predicate


def check(rule: Any, *, depth: int = 0) -> None:
    """Raises RuleError naming what is wrong. An empty rule fits everybody."""
    if not isinstance(rule, dict) or len(rule) > 1:
        raise RuleError('A rule is an object with one name, such as {"all": [...]}.')
    if depth > MAX_DEPTH:
        raise RuleError(f"The rule is nested more than {MAX_DEPTH} levels deep.")
    for name, value in rule.items():
        _check_named(name, value, depth)


def _check_named(name: str, value: Any, depth: int) -> None:
    if name == "not":
        check(value, depth=depth + 1)
    elif name in {"all", "any"}:
        if not isinstance(value, list):
            raise RuleError(f"{name} needs a list of rules.")
        for inner in value:
            check(inner, depth=depth + 1)
    elif name in _predicates:
        _predicates[name].check(value)
    else:
        raise RuleError(f"Unknown rule {name!r}. Known are: all, any, not, {', '.join(sorted(_predicates))}.")


def compiled(rule: dict[str, Any], scope: Scope) -> Q:
    for name, value in rule.items():
        if name == "all":
            return _all([compiled(inner, scope) for inner in value])
        if name == "any":
            return _any([compiled(inner, scope) for inner in value])
        if name == "not":
            return ~compiled(value, scope)
        return _predicates[name].compile(value, scope)
    return Q()


def _all(parts: list[Q]) -> Q:
    found = Q()
    for part in parts:
        found &= part
    return found


def _any(parts: list[Q]) -> Q:
    """Any of nothing is nobody; any of something that fits everybody is everybody."""
    if not parts:
        return Q(pk__in=[])
    if any(not part for part in parts):
        return Q()
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


_LOOKUPS = {">": GreaterThan, ">=": GreaterThanOrEqual, "<": LessThan, "<=": LessThanOrEqual, "=": Exact}


class _JsonKind(Func):
    function = "jsonb_typeof"
    output_field = CharField()


def json_condition(field: str, key: str, operator: str, value: Any) -> Q:
    """A comparison with one key of a JSON field; agrees with comparison.compare. The key is a parameter of the
    query, never part of its SQL."""
    actual = KeyTransform(key, F(field))
    is_present = Q(**{f"{field}__has_key": key})
    if operator == "exists":
        present = is_present & ~Q(Exact(_JsonKind(actual), Value("null")))
        return present if value else ~present
    if operator == "!=":
        return ~(is_present & Q(Exact(actual, Value(value, JSONField()))))
    if operator == "in":
        return is_present & _any([Q(Exact(actual, Value(one, JSONField()))) for one in value])
    condition = Q(_LOOKUPS[operator](actual, Value(value, JSONField())))
    if operator != "=":
        # jsonb orders values of any kind; only two numbers or two texts are compared.
        kind = "string" if isinstance(value, str) else "number"
        condition &= Q(Exact(_JsonKind(actual), Value(kind)))
    return is_present & condition


def check_condition(value: Any, *, where: str) -> None:
    _path, operator, expected = check_comparison(value, where=where)
    if operator == "contains":
        raise RuleError(f"{where}: contains is not supported here.")
    if operator in {">", ">=", "<", "<="} and (
        isinstance(expected, bool) or not isinstance(expected, int | float | str)
    ):
        raise RuleError(f"{where}: {operator} needs a number or a text.")
