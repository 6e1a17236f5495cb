"""The rule language: a JSON tree of `all any not` over predicates that apps register, compiled to a condition on any
table that names customers, rendered to plain English (sentence) and edited by one builder (rule_forms). A customer that
fits is one for whom the condition holds at scope.now."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, F, Func, JSONField, OuterRef, Q, TextField, Value
from django.utils.translation import gettext as _

from apps.core.comparison import LOWER, UPPER, RuleError, fold

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_DEPTH = 10
MAX_PARTS = 200


@dataclass(frozen=True)
class Scope:
    """Where a rule is asked. `customer` is the path from the row to the customer ("" on the customer itself); `after`
    names the field of the row after which `did` counts, unless the rule says `ever`. `is_whole`: everybody is asked at
    once, so that one pass over a table is better than a look for each customer."""

    now: datetime
    customer: str = ""
    after: str | None = None
    is_whole: bool = False

    @property
    def customer_id(self) -> OuterRef:
        return OuterRef(self.customer_path)

    @property
    def customer_path(self) -> str:
        return f"{self.customer}_id" if self.customer else "pk"

    def path(self, name: str) -> str:
        return f"{self.customer}__{name}" if self.customer else name


@dataclass(frozen=True)
class Field:
    """One control of the builder. `kind`: text, number, choice, comparison (name, operator, value) or comparisons (any
    number of them). `choices` gives (value, label) pairs; for a text they are suggestions, not limits.
    `values` suggests what the compared thing of that name can be. `before` and `after` stand around the control;
    `blank` says what an empty choice means."""

    name: str
    label: "StrOrPromise"
    kind: str = "text"
    is_required: bool = False
    choices: "Callable[[dict[str, Any]], Sequence[tuple[str, StrOrPromise]]] | None" = None
    before: "StrOrPromise" = ""
    values: "Callable[[dict[str, Any], str], Sequence[str]] | None" = None
    after: "StrOrPromise" = ""
    blank: "StrOrPromise" = ""


@dataclass(frozen=True)
class Predicate:
    """What a rule can ask. `fields` says how the builder edits the value: a field named "" holds the whole value, else
    each field is a key of it. `depends_on_time`: whether the answer can change while nothing happens. `names` gives the
    (kind, name) of other things that the value refers to, such as ("segment", "VIPs")."""

    check: Callable[[Any], None]
    compile: Callable[[Any, Scope], Q]
    sentence: Callable[[Any], str]
    label: "StrOrPromise"
    fields: tuple[Field, ...]
    depends_on_time: Callable[[Any], bool] = field(default=lambda _value: False)
    names: Callable[[Any], list[tuple[str, str]]] = field(default=lambda _value: [])


_predicates: dict[str, Predicate] = {}


def register(name: str, predicate: Predicate) -> None:
    _predicates[name] = predicate


def predicates() -> dict[str, Predicate]:
    """By name, in the order in which apps registered them: from the customer outwards."""
    return dict(_predicates)


def check(rule: Any, *, without: Collection[str] = ()) -> None:
    """Raises RuleError naming what is wrong. An empty rule fits everybody. `without` names predicates that this rule
    may not ask."""
    _check(rule, depth=0)
    parts = list(leaves(rule))
    if len(parts) > MAX_PARTS:
        raise RuleError(f"The rule has more than {MAX_PARTS} conditions.")
    for name, _value in parts:
        if name in without:
            raise RuleError(f"{name} cannot be asked here.")


def _check(rule: Any, *, depth: int) -> None:
    if not isinstance(rule, dict) or len(rule) > 1:
        raise RuleError('A rule is an object with one name, such as {"all": [...]}.')
    if depth > MAX_DEPTH:
        raise RuleError(f"The rule is nested more than {MAX_DEPTH} levels deep.")
    for name, value in rule.items():
        _check_named(name, value, depth)


def _check_named(name: str, value: Any, depth: int) -> None:
    if name == "not":
        _check(value, depth=depth + 1)
    elif name in {"all", "any"}:
        if not isinstance(value, list):
            raise RuleError(f"{name} needs a list of rules.")
        for inner in value:
            _check(inner, depth=depth + 1)
    elif name in _predicates:
        _predicates[name].check(value)
    else:
        raise RuleError(f"Unknown rule {name!r}. Known are: all, any, not, {', '.join(sorted(_predicates))}.")


def leaves(rule: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every predicate of the rule with its value."""
    for name, value in rule.items():
        if name == "not":
            yield from leaves(value)
        elif name in {"all", "any"}:
            for inner in value:
                yield from leaves(inner)
        else:
            yield name, value


def depends_on_time(rule: dict[str, Any]) -> bool:
    return any(_predicates[name].depends_on_time(value) for name, value in leaves(rule))


def names(rule: dict[str, Any], kind: str) -> set[str]:
    """What of that kind the rule refers to by name."""
    return {name for leaf, value in leaves(rule) for found, name in _predicates[leaf].names(value) if found == kind}


def compiled(rule: dict[str, Any], scope: Scope) -> Q:
    for name, value in rule.items():
        if name == "all":
            return _all([compiled(inner, scope) for inner in value])
        if name == "any":
            return _any([compiled(inner, scope) for inner in value])
        if name == "not":
            return _not(compiled(value, scope))
        return _predicates[name].compile(value, scope)
    return Q()


NOBODY = Q(pk__in=[])


def _all(parts: list[Q]) -> Q:
    found = Q()
    for part in parts:
        found &= part
    return found


def _any(parts: list[Q]) -> Q:
    """Any of nothing is nobody; any of something that fits everybody is everybody."""
    if not parts:
        return NOBODY
    if any(not part for part in parts):
        return Q()
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


def _not(part: Q) -> Q:
    return ~part if part else NOBODY


def sentence(rule: dict[str, Any]) -> str:
    """The rule in plain English: what a customer who fits has in common with the others."""
    return _said(rule) or str(_("everybody"))


def _said(rule: dict[str, Any], *, is_inner: bool = False) -> str:
    for name, value in rule.items():
        if name == "not":
            return str(_("not (%(rule)s)") % {"rule": _said(value) or _("everybody")})
        if name not in {"all", "any"}:
            return _predicates[name].sentence(value)
        parts = [_said(inner, is_inner=True) or str(_("everybody")) for inner in value]
        if not parts:
            return "" if name == "all" else str(_("nobody"))
        joined = f" {_('and') if name == 'all' else _('or')} ".join(parts)
        return f"({joined})" if is_inner and len(parts) > 1 else joined
    return ""


_WORDS = {"=": "is", "!=": "is not", ">": ">", ">=": "≥", "<": "<", "<=": "≤", "in": "is one of"}


def comparison_sentence(path: str, operator: str, value: Any) -> str:
    if operator == "exists":
        return f"{path} {_('is known') if value else _('is not known')}"
    if operator == "in":
        return f"{path} {_('is one of')} {', '.join(map(_shown, value)) or _('nothing')}"
    if operator == "contains":
        return f"{path} {_('contains')} “{value}”"
    return f"{path} {_WORDS[operator]} {_shown(value)}"


def _shown(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def json_condition(column: str, path: str, operator: str, value: Any) -> Q:
    """A comparison with the value under a dotted path of a JSON column; agrees with comparison.compare. Path and value
    are parameters of the query, never part of its SQL. Always true or false, so that `not` means what it says."""
    actual = Func(F(column), *map(Value, path.split(".")), function="jsonb_extract_path", output_field=JSONField())
    return Q(_Holds(*_asked(actual, operator, value)))


class _Holds(Func):
    """SQL of our own (str) and expressions, one after the other, as a condition; NULL is false."""

    output_field = BooleanField()

    def __init__(self, *parts: Any) -> None:
        super().__init__(*(part for part in parts if not isinstance(part, str)))
        self.texts = [part if isinstance(part, str) else None for part in parts]

    def as_sql(  # type: ignore[override]  # fewer options than Func's
        self, compiler: Any, connection: Any, **_extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        expressions = iter(self.source_expressions)
        sql: list[str] = []
        parameters: list[Any] = []
        for text in self.texts:
            if text is None:
                text, values = compiler.compile(next(expressions))  # noqa: PLW2901
                parameters.extend(values)
            sql.append(text)
        return f"COALESCE({' '.join(sql)}, false)", tuple(parameters)


def _asked(actual: Any, operator: str, value: Any) -> tuple[Any, ...]:
    expected = Value(json.dumps(value, ensure_ascii=False), TextField())
    if operator == "exists":
        return ("(", actual, "<> 'null'::jsonb) IS", "TRUE" if value else "NOT TRUE")
    if operator == "in":
        return (actual, "= ANY(ARRAY(SELECT jsonb_array_elements(", expected, "::jsonb)))")
    if operator == "!=":
        return (actual, "IS DISTINCT FROM", expected, "::jsonb")
    if operator == "=":
        return (actual, "=", expected, "::jsonb")
    if operator == "contains":
        folded = (actual, f"#>> '{{}}', '{UPPER}', '{LOWER}'),")
        return ("jsonb_typeof(", actual, ") = 'string' AND strpos(translate(", *folded, Value(fold(value)), ") > 0")
    if isinstance(value, str):
        texts = (actual, f"#>> '{{}}') COLLATE \"C\" {operator}", Value(value))
        return ("jsonb_typeof(", actual, ") = 'string' AND (", *texts)
    return ("jsonb_typeof(", actual, ") = 'number' AND", actual, operator, expected, "::jsonb")
