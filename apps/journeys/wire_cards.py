"""A card of a map as text."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.journeys.enums import CardStatus, Evidence, Frequency, LaneKind
from apps.journeys.wire_values import MapError, day, number, one_of, only, optional_text, text, whole

_KEYS = {
    "step", "lane", "key", "text", "severity", "frequency", "effort", "impact", "status", "owner", "due_on",
    "solved_at", "evidence", "evidence_n", "evidence_note", "touchpoint", "department", "emotion", "target", "unit",
    "image",
}  # fmt: skip
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}|data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+")


@dataclass
class CardText:
    """`owner` is an e-mail of staff, `image` a data URI or "sha256:" and the digest of one that is here."""

    step: str
    lane: str
    text: str
    key: str | None = None
    severity: int | None = None
    frequency: str = ""
    effort: int | None = None
    impact: int | None = None
    status: str = ""
    owner: str = ""
    due_on: date | None = None
    solved_at: datetime | None = None
    evidence: str = ""
    evidence_n: int | None = None
    evidence_note: str = ""
    touchpoint: str = ""
    department: str = ""
    emotion: float | None = None
    target: float | None = None
    unit: str = ""
    image: str = ""


def read(data: Any, *, steps: AbstractSet[str], lanes: Mapping[str, str]) -> CardText:
    """`steps` are names, `lanes` kinds by name. Raises MapError."""
    only(data, _KEYS, "A card")
    said = _text(data, lanes)
    where = f'Card "{said[:40]}"'
    if not isinstance(step := data.get("step"), str) or step not in steps:
        raise MapError(f"{where}: there is no step {step!r} in this journey.")
    if not isinstance(lane := data.get("lane"), str) or lane not in lanes:
        raise MapError(f"{where}: there is no lane {lane!r} in this journey.")
    return CardText(
        step=step,
        lane=lane,
        text=said,
        key=data.get("key"),
        severity=whole(data, "severity", where, 1, 5),
        frequency=one_of(data, "frequency", Frequency.values, where),
        effort=whole(data, "effort", where, 1, 5),
        impact=whole(data, "impact", where, 1, 5),
        status=one_of(data, "status", CardStatus.values, where),
        owner=optional_text(data, "owner", where, 254),
        due_on=day(data, "due_on", where),
        solved_at=_moment(data, where),
        evidence=one_of(data, "evidence", Evidence.values, where),
        evidence_n=whole(data, "evidence_n", where, 1, 1_000_000_000),
        evidence_note=optional_text(data, "evidence_note", where, 500),
        touchpoint=optional_text(data, "touchpoint", where, 100),
        department=optional_text(data, "department", where, 100),
        emotion=number(data, "emotion", where, -2, 2),
        target=number(data, "target", where, -1e12, 1e12),
        unit=optional_text(data, "unit", where, 20),
        image=_image(data, where),
    )


def _text(data: dict[str, Any], lanes: Mapping[str, str]) -> str:
    """A point of a curve may go without."""
    if lanes.get(str(data.get("lane"))) == LaneKind.EMOTION and data.get("emotion") is not None:
        return optional_text(data, "text", "A card", 1000)
    return text(data.get("text"), "A card: text", 1000)


def _moment(data: dict[str, Any], where: str) -> datetime | None:
    value = data.get("solved_at")
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise MapError(f"{where}: solved_at must be a time such as 2027-03-31T10:00:00Z.") from error
    if found.tzinfo is None:
        raise MapError(f"{where}: solved_at must say its time zone, such as 2027-03-31T10:00:00Z.")
    return found


def _image(data: dict[str, Any], where: str) -> str:
    value = data.get("image") or ""
    if value and (not isinstance(value, str) or len(value) > 4_000_000 or not _IMAGE.fullmatch(value)):
        raise MapError(f"{where}: image must be a PNG, JPEG or WebP as a data: address of at most 3 MB.")
    return str(value)
