"""What every part of a map as text is made of: names, texts, numbers, days. Errors name the part and how to mend it."""

from collections.abc import Iterable
from datetime import date
from math import isfinite
from typing import Any


class MapError(ValueError):
    """The text is no valid map; says where and how to mend it."""


def only(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, dict):
        raise MapError(f"{where} must be an object.")
    unknown = sorted(set(data) - keys)
    if unknown:
        raise MapError(f"{where}: unknown name {unknown[0]!r}. Known are: {', '.join(sorted(keys))}.")


def text(value: Any, where: str, length: int) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise MapError(f"{where} must be a text that is not empty.")
    if len(value) > length:
        raise MapError(f"{where} may have at most {length} characters.")
    return value.strip()


def optional_text(data: dict[str, Any], name: str, where: str, length: int) -> str:
    return text(data[name], f"{where}: {name}", length) if data.get(name) else ""


def listed(data: dict[str, Any], name: str, where: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise MapError(f"{where}: {name} must be a list.")
    return value


def flag(data: dict[str, Any], name: str, where: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise MapError(f"{where}: {name} must be true or false.")
    return value


def whole(data: dict[str, Any], name: str, where: str, low: int, high: int) -> int | None:
    value = data.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high):
        raise MapError(f"{where}: {name} must be a whole number from {low} to {high}.")
    return value


def number(data: dict[str, Any], name: str, where: str, low: float, high: float) -> float | None:
    value = data.get(name)
    if value is not None and not (is_number(value) and low <= value <= high):
        raise MapError(f"{where}: {name} must be a number from {low:g} to {high:g}.")
    return value


def positive_days(data: dict[str, Any], name: str, where: str) -> float | None:
    value = data.get(name)
    if value is not None and not (is_number(value) and 0 < value <= 36500):
        raise MapError(f"{where}: {name} must be a number of days above 0.")
    return value


def one_of(data: dict[str, Any], name: str, values: list[str], where: str) -> str:
    value = data.get(name) or ""
    if value and (not isinstance(value, str) or value not in values):
        raise MapError(f"{where}: unknown {name} {value!r}. Use one of: {', '.join(values)}.")
    return str(value)


def day(data: dict[str, Any], name: str, where: str) -> date | None:
    value = data.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise MapError(f"{where}: {name} must be a day such as 2027-03-31.") from error


def unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise MapError(f'There are two {what}s named "{name}". Give each a name of its own.')
        seen.add(name)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
