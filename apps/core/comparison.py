"""How rules compare values of JSON, in Python; rules.json_condition says the same in SQL. Only values of one kind are
ordered, texts by code point; what is missing fits nothing but `!=` and `exists false`."""

import json
import re
import string
from collections.abc import Mapping
from operator import ge, gt, le, lt
from typing import Any

# `contains` takes A–Z for a–z and nothing more, so that every database and Python agree.
UPPER, LOWER = string.ascii_uppercase, string.ascii_lowercase
OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "in", "contains", "exists")
MISSING = object()
_PLACE = re.compile(r"-?\d{1,9}")
_NO_PLACE = re.compile(r"\s*\+?\s*-?\d+\s*")
_FOLD = str.maketrans(UPPER, LOWER)
_ORDER = {">": gt, ">=": ge, "<": lt, "<=": le}


class RuleError(ValueError):
    """A rule is not valid; the text says where and how to mend it."""


def value_at(root: Mapping[str, Any], path: str) -> Any:
    """The value under a dotted path, or MISSING, which equals nothing. A number is a place in a list."""
    value: Any = root
    for part in path.split("."):
        value = _inside(value, part)
        if value is MISSING:
            break
    return value


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, MISSING)
    if isinstance(value, list) and _PLACE.fullmatch(part) and -len(value) <= int(part) < len(value):
        return value[int(part)]
    return MISSING


def compare(operator: str, actual: Any, expected: Any) -> bool:
    if operator == "exists":
        return (actual is not MISSING and actual is not None) is bool(expected)
    if operator == "!=":
        return not _equal(actual, expected)
    if actual is MISSING:
        return False
    return _compare_present(operator, actual, expected)


def _compare_present(operator: str, actual: Any, expected: Any) -> bool:
    if operator == "=":
        return _equal(actual, expected)
    if operator == "in":
        return any(_equal(actual, one) for one in expected)
    if operator == "contains":
        return isinstance(actual, str) and fold(expected) in fold(actual)
    if not _comparable(actual, expected):
        return False
    return bool(_ORDER[operator](actual, expected))


def fold(text: str) -> str:
    return text.translate(_FOLD)


def _equal(actual: Any, expected: Any) -> bool:
    if isinstance(actual, dict) and isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(_equal(actual[key], expected[key]) for key in actual)
    if isinstance(actual, list) and isinstance(expected, list):
        return len(actual) == len(expected) and all(map(_equal, actual, expected))
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
    for part in path.split("."):
        if not part or "\x00" in part or (_NO_PLACE.fullmatch(part) and not _PLACE.fullmatch(part)):
            raise RuleError(f"{where}: {path!r} is no name of a value.")
    _check_expected(operator, value, where)
    return path, operator, value


def _check_expected(operator: str, value: Any, where: str) -> None:
    """What each operator can be asked with."""
    if operator == "in" and not isinstance(value, list):
        raise RuleError(f"{where}: `in` needs a list of values.")
    if operator == "contains" and not isinstance(value, str):
        raise RuleError(f"{where}: `contains` needs a text.")
    if operator == "exists" and not isinstance(value, bool):
        raise RuleError(f"{where}: `exists` needs true or false.")
    if operator in _ORDER and not (_is_number(value) or isinstance(value, str)):
        raise RuleError(f"{where}: {operator} needs a number or a text.")
    if not _is_storable(value):
        raise RuleError(f"{where}: this value cannot be compared with.")


def _is_storable(value: Any) -> bool:
    """No NUL, no lone surrogate, no infinity: PostgreSQL keeps none of them."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        return False
    return "\\u0000" not in text
