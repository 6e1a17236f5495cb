import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

_LONGEST_KEY = 90


@dataclass(frozen=True)
class Cause:
    """Why a customer is to be enrolled; `key` is stable over repeats of the same cause."""

    customer_id: int
    key: str
    at: datetime
    entry_id: int | None = None
    interaction_id: int | None = None


def with_key(cause: Cause, properties: Any, path: str) -> Cause:
    """Named by the property of its interaction under the path, such as the order; unchanged where there is none."""
    value: Any = {"properties": properties}
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict | list):
        return cause
    text = str(value)
    if len(text) > _LONGEST_KEY:
        text = hashlib.sha256(text.encode()).hexdigest()
    return replace(cause, key=f"key:{text}")
