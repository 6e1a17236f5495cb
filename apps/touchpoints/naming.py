"""Whom an item names that could not be read as one."""

from typing import Any

from apps.customers import folding
from apps.customers.enums import IdentityKind

_IDS = {
    "userId": [IdentityKind.EXTERNAL],
    "anonymousId": [IdentityKind.ANONYMOUS],
    "previousId": [IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS],
}
_ADDRESSES = (IdentityKind.EMAIL, IdentityKind.PHONE)


def keys(item: Any) -> set[tuple[str, str]]:
    """Kind and folded value of each id and address where clients put them."""
    if not isinstance(item, dict):
        return set()
    found = {_key(kind, item.get(name)) for name, kinds in _IDS.items() for kind in kinds}
    context = item.get("context")
    places = [item, item.get("traits"), item.get("properties"), context]
    places.append(context.get("traits") if isinstance(context, dict) else None)
    for place in places:
        if isinstance(place, dict):
            found |= {_key(kind, place.get(kind.value)) for kind in _ADDRESSES}
    return {key for key in found if key is not None}


def _key(kind: IdentityKind, value: Any) -> tuple[str, str] | None:
    try:
        folded = folding.identity(kind, str(value)) if isinstance(value, str | int) else None
    except ValueError:
        return None
    return (kind.value, folded) if folded else None
