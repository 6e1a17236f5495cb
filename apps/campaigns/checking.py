"""What every part of a campaign's text is checked with. The errors say where and how to mend it."""

from typing import Any

from apps.core import rules
from apps.core.comparison import RuleError

_MOST = {"name": 200, "subject": 500}
_LARGEST = 10**6


class CampaignError(ValueError):
    """The text is no valid campaign; says where and how to mend it."""


def only(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, dict):
        raise CampaignError(f"{where} must be an object.")
    unknown = sorted(str(key) for key in set(data) - keys)
    if unknown:
        raise CampaignError(f"{where}: unknown or not supported: {unknown[0]!r}. Known are: {', '.join(sorted(keys))}.")


def text(data: dict[str, Any], name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise CampaignError(f"{where}: {name} must be a text that is not empty.")
    if name in _MOST and len(value) > _MOST[name]:
        raise CampaignError(f"{where}: {name} may have at most {_MOST[name]} characters.")
    return value.strip()


def number(value: Any, where: str, *, least: float, most: float = _LARGEST) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        upper = "" if most == _LARGEST else f" and at most {most:g}"
        raise CampaignError(f"{where} must be a number of at least {least:g}{upper}.")
    return float(value)


def whole(value: Any, where: str, *, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise CampaignError(f"{where} must be a whole number from {least} to {most}.")
    return value


def flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise CampaignError(f"{where} must be true or false.")
    return value


def rule(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        rules.check(value)
    except RuleError as error:
        raise CampaignError(f"{where}: {error}") from error
    return dict(value)
