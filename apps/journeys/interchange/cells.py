"""The cells of a drawn map: what stands where a step and a lane meet."""

from collections.abc import Mapping
from html import escape
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.journeys.enums import CardStatus, Evidence, Frequency, LaneKind
from apps.journeys.interchange.fonts import MEDIUM, SEMIBOLD
from apps.journeys.interchange.shapes import Block, Style, boxed, chip, flow, line_of, paragraph, rect, stack

type Card = Mapping[str, Any]

_PLAIN = Style(13, colour="text-2")
_TINTS = {LaneKind.PAIN: ("negative-soft", "text-2"), LaneKind.OPPORTUNITY: ("info-soft", "info")}
_PICTURE = 104.0  # how high


def cell(cards: list[Card], kind: str, room: float) -> Block | None:
    """All cards of one cell; None where it is empty."""
    if not cards:
        return None
    if kind in {LaneKind.TOUCHPOINTS, LaneKind.DEPARTMENTS}:
        return flow([_name(card, room) for card in cards], room)
    if kind == LaneKind.EMOTION:
        return stack([emotion(card.get("emotion"), card["text"], room) for card in cards])
    return stack([_card(card, kind, room) for card in cards], gap=8)


def _name(card: Card, room: float) -> Block:
    said = [card["text"], *([card["department"]] if card.get("department") not in {None, card["text"]} else [])]
    return chip(" · ".join(said), room, fill="sunken", colour="text-2")


def emotion(value: float | None, feeling: str, room: float) -> Block:
    """The figure with a face, so that colour is never the only sign."""
    if value is None:
        return chip(feeling, room, fill="sunken", colour="text-2")
    tone, face = ("positive", "smile") if value >= 0.5 else ("negative", "frown") if value <= -0.5 else ("", "meh")
    said = f"{value:+.1f}".replace("-", "−").removesuffix(".0") if value else "0"
    fill, colour = (f"{tone}-soft", tone) if tone else ("sunken", "text-2")
    return chip(f"{said} {feeling}".strip(), room, fill=fill, colour=colour, sign=face)


def _card(card: Card, kind: str, room: float) -> Block:
    if kind in _TINTS:
        return _tinted(card, room, *_TINTS[LaneKind(kind)])
    if kind == LaneKind.KPI and card.get("target") is not None:
        return _measure(card, room)
    if kind == LaneKind.THOUGHTS:
        return _quote(card, room)
    blocks = [paragraph(card["text"], room, _PLAIN)]
    if card.get("image", "").startswith("data:image/"):
        blocks.insert(0, _picture(card["image"], room))
    if card.get("department"):
        blocks.append(chip(card["department"], room, fill="sunken", colour="text-2"))
    return stack(blocks)


def _tinted(card: Card, room: float, fill: str, colour: str) -> Block:
    inside = room - 16
    blocks = [paragraph(card["text"], inside, Style(13))]
    look = Style(11, MEDIUM, colour)
    if chips := [chip(said, inside, fill="surface", colour=colour, style=look) for said in _figures(card)]:
        blocks.append(flow(chips, inside))
    if ground := _ground(card):
        blocks.append(paragraph(ground, inside, Style(11, colour="text-2")))
    return boxed(stack(blocks), room, fill=fill)


def _figures(card: Card) -> list[str]:
    """Of its owner nothing: drawings go anywhere."""
    found = [
        _("Severity %(n)s/5") % {"n": card["severity"]} if card.get("severity") else "",
        _("Impact %(n)s/5") % {"n": card["impact"]} if card.get("impact") else "",
        _("Effort %(n)s/5") % {"n": card["effort"]} if card.get("effort") else "",
        capfirst(str(CardStatus(card["status"]).label)) if card.get("status") else "",
    ]
    return [one for one in found if one]


def _ground(card: Card) -> str:
    """Whom it concerns and how we know."""
    said = []
    if card.get("frequency"):
        said.append(_("Met by %(whom)s") % {"whom": Frequency(card["frequency"]).label})
    if card.get("evidence"):
        said.append(str(Evidence(card["evidence"]).label))
    if card.get("evidence_n"):
        said.append(f"n = {card['evidence_n']:,}")
    return capfirst(", ".join(said))


def _quote(card: Card, room: float) -> Block:
    inner = paragraph(card["text"], room - 12, _PLAIN)

    def draw(x: float, y: float) -> str:
        return rect(x, y + 2, (2, inner.height - 4), "edge", radius=1) + inner.draw(x + 12, y)

    return Block(room, inner.height, draw)


def _measure(card: Card, room: float) -> Block:
    """What is measured on the left, its target on the right."""
    strong = Style(13, SEMIBOLD)
    target = f"{card['target']:g} {card.get('unit', '')}".strip()
    inner = paragraph(card["text"], room * 0.62, _PLAIN)

    def draw(x: float, y: float) -> str:
        return inner.draw(x, y) + line_of(target, x + room, y, strong, anchor="end")

    return Block(room, inner.height, draw)


def _picture(address: str, room: float) -> Block:
    def draw(x: float, y: float) -> str:
        place = f'x="{x:.1f}" y="{y:.1f}" width="{room:.1f}" height="{_PICTURE}"'
        return f'<image {place} preserveAspectRatio="xMinYMid meet" xlink:href="{escape(address)}"/>'

    return Block(room, _PICTURE, draw)
