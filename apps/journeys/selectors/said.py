"""A card of a snapshot in words, as those who only read a map see it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.journeys.enums import CardStatus, Evidence, Frequency
from apps.journeys.models import PICTURE
from apps.touchpoints.enums import Channel

_SHORT = 22  # what a chip has room for in a column
type Fact = tuple[str, str, str]  # words, icon, tone


def said_card(card: Mapping[str, Any], channel: Channel | None, said: Mapping[str, int]) -> dict[str, Any]:
    """With all that it says of itself, the address of its picture, and how many comments there are."""
    return {
        **card,
        "facts": [*_figures(card), *_work(card), *_places(card, channel)],
        "is_short": len(card["text"]) <= _SHORT,
        "picture": card.get("image", "").removeprefix(PICTURE),
        "feeling": card["text"],  # as the points of a curve call it
        "said": said.get(card.get("key", ""), 0),
    }


def _figures(card: Mapping[str, Any]) -> list[Fact]:
    words = {
        "severity": _("Severity %(n)s of 5"),
        "impact": _("Impact %(n)s of 5"),
        "effort": _("Effort %(n)s of 5"),
    }
    found = [(said % {"n": card[name]}, "", "") for name, said in words.items() if card.get(name)]
    if card.get("frequency"):
        found.append((str(Frequency(card["frequency"]).label), "users", ""))
    if card.get("target") is not None:
        target = f"{card['target']:g} {card.get('unit', '')}".strip()
        found.append((_("Target %(n)s") % {"n": target}, "target", ""))
    return found


def _work(card: Mapping[str, Any]) -> list[Fact]:
    found = []
    status = card.get("status", "")
    if label := dict(CardStatus.choices).get(status):
        found.append((str(label), "", "positive" if status == CardStatus.SOLVED else ""))
    if label := dict(Evidence.choices).get(card.get("evidence", "")):
        found.append((f"{label}, n={card['evidence_n']}" if card.get("evidence_n") else str(label), "", ""))
    return found


def _places(card: Mapping[str, Any], channel: Channel | None) -> list[Fact]:
    """What its text says already is not said again."""
    found = [("touchpoint", "radio"), ("department", "building-2")]
    named = [(card[name], icon, "") for name, icon in found if card.get(name) not in {None, "", card["text"]}]
    return [*named, (str(channel.label), channel.icon, "")] if channel else named
