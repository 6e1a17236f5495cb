"""How long a text is as an SMS: GSM 03.38's seven bits, or UCS-2 as soon as one character is not in its alphabet."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a second septet


class Encoding(Enum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"

    @property
    def alone(self) -> int:
        """Units that fit when the text is one segment."""
        return 160 if self is Encoding.GSM7 else 70

    @property
    def joined(self) -> int:
        """Units a segment when there are several: each begins with a header that joins them."""
        return 153 if self is Encoding.GSM7 else 67


@dataclass(frozen=True)
class Segments:
    """`units` are septets or UTF-16 code units; `left` is how many more fit the last segment; `culprits` are the
    characters that force UCS-2, each once, in the order of the text."""

    encoding: Encoding
    units: int
    count: int
    left: int
    culprits: tuple[str, ...] = ()


def describe(text: str) -> Segments:
    culprits = tuple(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENSION))
    encoding = Encoding.UCS2 if culprits else Encoding.GSM7
    costs = [_cost(c, encoding) for c in text]
    units = sum(costs)
    if units <= encoding.alone:
        return Segments(encoding, units, 1 if text else 0, encoding.alone - units, culprits)
    count, used = _packed(costs, encoding.joined)
    return Segments(encoding, units, count, encoding.joined - used, culprits)


def _cost(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _packed(costs: Iterable[int], most: int) -> tuple[int, int]:
    """How many segments, and what is used of the last: no character is split over two, so that some end early."""
    count, used = 1, 0
    for cost in costs:
        if used + cost > most:
            count, used = count + 1, 0
        used += cost
    return count, used


def names(text: str, brand: str) -> bool:
    """Whether the text says who writes: the law asks for the brand in each SMS."""
    wanted = _plain(brand)
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", _plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
