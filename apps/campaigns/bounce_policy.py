"""What a bounce is and what it means for the address. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.campaigns.enums import BounceKind

_STATUS = re.compile(r"(?<![\d.])([245])[.](\d{1,3})[.](\d{1,3})(?![\d.])")


@dataclass(frozen=True)
class Decision:
    """`until` none: for ever."""

    suppresses: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class BouncePolicy:
    """What a bounce means for the address. A mailbox that is full today may be read next month; one that does not exist
    is never written to again, or providers take us for a sender of spam."""

    soft_bounces: int = 5
    soft_for: timedelta = timedelta(days=7)
    soft_pause: timedelta = timedelta(days=30)
    look_back: timedelta = timedelta(days=90)

    def after(self, kind: BounceKind, *, soft_at: Sequence[datetime], now: datetime) -> Decision:
        """`soft_at`: when messages to the address bounced softly since one arrived, this one included."""
        if kind is BounceKind.HARD:
            return Decision(suppresses=True)
        if (
            kind is BounceKind.SOFT
            and len(soft_at) >= self.soft_bounces
            and max(soft_at) - min(soft_at) >= self.soft_for
        ):
            return Decision(suppresses=True, until=now + self.soft_pause)
        return Decision()


def kind_of(text: str) -> BounceKind:
    """By the first enhanced status code (RFC 3463) in what a server said."""
    found = _STATUS.search(text)
    if found is None:
        return BounceKind.UNKNOWN
    group, subject, detail = (int(part) for part in found.groups())
    if group == 4 or (group == 5 and ((subject, detail) == (2, 2) or subject in {3, 4})):
        return BounceKind.SOFT
    if group == 5 and ((subject == 1 and detail not in {7, 8}) or (subject, detail) == (2, 1)):
        return BounceKind.HARD
    return BounceKind.UNKNOWN  # such as 5.7.1: refused for what it says or where it comes from
