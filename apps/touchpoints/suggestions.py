"""What the rule builder offers: what was really received (vocabulary.py) and what the catalogue names."""

from typing import Any

from apps.touchpoints import vocabulary
from apps.touchpoints.models import Touchpoint

_PREFIX = "properties."


def events() -> list[tuple[str, str]]:
    return [(name, name) for name in vocabulary.events()]


def properties(event: str) -> list[tuple[str, str]]:
    names = [path.removeprefix(_PREFIX) for path in vocabulary.properties(event)]
    return [(name, name) for name in names]


def values(asked: dict[str, Any], name: str) -> list[str]:
    """Of one property of the event that is asked for."""
    return vocabulary.values(asked.get("event", ""), _PREFIX + name) if name else []


def touchpoints() -> list[tuple[str, str]]:
    return [(name, name) for name in Touchpoint.objects.order_by("name").values_list("name", flat=True)]
