"""How rules compare values of JSON: only values of one kind are ordered; what is missing fits nothing but `!=` and
`exists false`."""

from collections.abc import Mapping
from operator import ge, gt, le, lt
from typing import Any

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "in", "contains", "exists")
_MISSING = object()
_ORDER = {">": gt, ">=": ge, "<": lt, "<=": le}


class RuleError(ValueError):
    """A rule is not valid; the text says where and how to mend it."""


def value_at(root: Mapping[str, Any], path: str) -> Any:
    """The value under a dotted path, or a marker that equals nothing."""
    value: Any = root
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _MISSING
        value = value[part]
    return value


def compare(operator: str, actual: Any, expected: Any) -> bool:
    if operator == "exists":
        return (actual is not _MISSING and actual is not None) is bool(expected)
    if operator == "!=":
        return not _equal(actual, expected)
    if actual is _MISSING:
        return False
    return _compare_present(operator, actual, expected)


def _compare_present(operator: str, actual: Any, expected: Any) -> bool:
    if operator == "=":
        return _equal(actual, expected)
    if operator == "in":
        return any(_equal(actual, one) for one in expected)
    if operator == "contains":
        return isinstance(actual, str) and str(expected).casefold() in actual.casefold()
    if not _comparable(actual, expected):
        return False
    return bool(_ORDER[operator](actual, expected))


def _equal(actual: Any, expected: Any) -> bool:
    # In Python True == 1; in JSON it is not.
    return isinstance(actual, bool) is isinstance(expected, bool) and bool(actual == expected)


def _comparable(actual: Any, expected: Any) -> bool:
    both_numbers = _is_number(actual) and _is_number(expected)
    return both_numbers or (isinstance(actual, str) and isinstance(expected, str))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_comparison(entry: Any, *, where: str, prefix: str = "") -> tuple[str, str, Any]:
    """`[path, operator, value]` as it should be, else RuleError."""
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[0], str) or not entry[0]:
        raise RuleError(f'{where}: a condition is a list such as ["{prefix}price", ">", 10].')
    path, operator, value = entry
    if prefix and not (path.startswith(prefix) and len(path) > len(prefix)):
        raise RuleError(f"{where}: {path} must begin with {prefix}")
    if operator not in OPERATORS:
        raise RuleError(f"{where}: unknown operator {operator!r}. Use one of: {' '.join(OPERATORS)}.")
    if operator == "in" and not isinstance(value, list):
        raise RuleError(f"{where}: `in` needs a list of values.")
    return path, operator, value
