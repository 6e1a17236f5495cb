"""What two customers are as one, and how that is taken apart again. Pure: works on the own fields as plain values."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.customers.models import Customer

ADDRESSED = ("name", "email", "phone", "country", "time_zone")
OWN = (
    *ADDRESSED,
    "traits",
    "tags",
    "owner_id",
    "persona_id",
    "has_fixed_persona",
    "is_identified",
    "first_seen_at",
    "last_activity_at",
)
SAVED = [name.removesuffix("_id") for name in OWN]

type Own = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One own field of the two, which value stays, and whether it comes from the one that goes."""

    name: str
    kept: Any
    gone: Any
    result: Any

    @property
    def is_taken_over(self) -> bool:
        return bool(self.result != self.kept)

    @property
    def differs(self) -> bool:
        return bool(self.kept and self.gone and self.kept != self.gone)


def own_fields(customer: Customer) -> Own:
    return {name: getattr(customer, name) for name in OWN}


def put(customer: Customer, own: Own) -> None:
    for name in OWN:
        setattr(customer, name, own[name])


def as_json(value: dict[str, Own]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(value, default=datetime.isoformat)))


def from_json(own: Own) -> Own:
    return {**own, **{name: datetime.fromisoformat(own[name]) for name in ("first_seen_at", "last_activity_at")}}


def combine(kept: Own, gone: Own) -> Own:
    """The value of the one that stays, unless it has none. Tags and traits of both; a persona given by hand wins over
    one given by rule."""
    takes_persona = gone["has_fixed_persona"] and not kept["has_fixed_persona"]
    return {
        **{name: kept[name] or gone[name] for name in (*ADDRESSED, "owner_id")},
        "traits": {**gone["traits"], **kept["traits"]},
        "tags": list(dict.fromkeys([*kept["tags"], *gone["tags"]])),
        "persona_id": gone["persona_id"] if takes_persona else kept["persona_id"] or gone["persona_id"],
        "has_fixed_persona": kept["has_fixed_persona"] or gone["has_fixed_persona"],
        "is_identified": kept["is_identified"] or gone["is_identified"],
        "first_seen_at": min(kept["first_seen_at"], gone["first_seen_at"]),
        "last_activity_at": max(kept["last_activity_at"], gone["last_activity_at"]),
    }


def part(*, before: Own, after: Own, now: Own) -> Own:
    """The own fields of the one that stayed, after an undo: as before the merge, except what changed since. When they
    were seen is up to the interactions that stay."""
    return {
        **{name: before[name] if now[name] == after[name] else now[name] for name in OWN},
        "traits": _part_traits(before["traits"], after["traits"], now["traits"]),
        "tags": _part_tags(before["tags"], after["tags"], now["tags"]),
        "first_seen_at": before["first_seen_at"],
        "last_activity_at": before["last_activity_at"],
    }


def _part_traits(before: Own, after: Own, now: Own) -> Own:
    found = {}
    for name, value in now.items():
        if name not in after or after[name] != value:
            found[name] = value
        elif name in before:
            found[name] = before[name]
    return found


def _part_tags(before: list[str], after: list[str], now: list[str]) -> list[str]:
    return [tag for tag in now if tag in before or tag not in after]
