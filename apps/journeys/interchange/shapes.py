"""What a drawing is made of: blocks that know their height and draw themselves where they are put. Plain SVG 1.1 with
attributes only, which every program reads."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from lucide.templatetags.lucide import lucide

from apps.journeys.interchange import fonts
from apps.journeys.interchange.colours import light
from apps.journeys.interchange.fonts import MEDIUM, REGULAR, width

LINE = 1.4
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_JOINER = "\u200d"


@dataclass(frozen=True)
class Style:
    size: float = 13
    weight: int = REGULAR
    colour: str = "text"

    @property
    def line(self) -> float:
        return round(self.size * LINE, 1)


@dataclass(frozen=True)
class Block:
    """`draw` takes its upper left corner."""

    width: float
    height: float
    draw: Callable[[float, float], str]


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


# --- Texts


def line_of(text: str, x: float, y: float, style: Style, *, anchor: str = "start") -> str:
    """`y` is the upper edge of the line."""
    base = y + style.line / 2 + style.size * 0.36
    said = escape(_NOT_XML.sub("\ufffd", text), quote=True)
    at = f'x="{number(x)}" y="{number(base)}" font-size="{number(style.size)}" font-weight="{style.weight}"'
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text {at} fill="{light()[style.colour]}"{end}>{said}</text>'


def wrapped(text: str, room: float, style: Style) -> list[str]:
    """Lines that fit; a word that fits no line is broken between signs."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if width(longer, style.size, style.weight) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _broken(word, room, style)
            lines += whole
        lines.append(line)
    return lines


def _broken(word: str, room: float, style: Style) -> list[str]:
    pieces = [""]
    for sign in _signs(word):
        if pieces[-1] and width(pieces[-1] + sign, style.size, style.weight) > room:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _signs(word: str) -> list[str]:
    """As people count them: marks, joined pictographs and skin tones stay with what they belong to."""
    found: list[str] = []
    for sign in word:
        is_more = unicodedata.category(sign) in {"Mn", "Mc", "Me", "Cf", "Sk"} and not sign.isascii()
        if found and (is_more or found[-1].endswith(_JOINER)):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def paragraph(text: str, room: float, style: Style) -> Block:
    lines = wrapped(text, room, style)

    def draw(x: float, y: float) -> str:
        return "".join(line_of(line, x, y + place * style.line, style) for place, line in enumerate(lines) if line)

    return Block(max(width(line, style.size, style.weight) for line in lines), len(lines) * style.line, draw)


# --- Shapes


def rect(x: float, y: float, box: tuple[float, float], fill: str, *, radius: float = 0, stroke: str = "") -> str:
    size = f'x="{number(x)}" y="{number(y)}" width="{number(box[0])}" height="{number(box[1])}"'
    edge = f' stroke="{light()[stroke]}"' if stroke else ""
    return f'<rect {size} rx="{number(radius)}" fill="{light()[fill] if fill else "none"}"{edge}/>'


def rule(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: str = "") -> str:
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line {ends} fill="none" stroke="{light()[colour]}"{dashes}/>'


@cache
def _icon(name: str) -> str:
    whole = lucide(name, size=24)
    return str(whole[whole.index(">") + 1 : whole.rindex("</svg>")]).strip()


def icon(name: str, x: float, y: float, size: float, colour: str) -> str:
    place = f"translate({number(x)} {number(y)}) scale({size / 24:.4f})"
    pen = f'fill="none" stroke="{light()[colour]}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    return f'<g transform="{place}" {pen}>{_icon(name)}</g>'


def chip(text: str, room: float, *, fill: str, colour: str, sign: str = "", style: Style | None = None) -> Block:
    """A pill; one with several lines has round corners only."""
    look = style or Style(12, MEDIUM, colour)
    aside = 16.0 if sign else 0.0
    inner = paragraph(text, room - 16 - aside, look)
    box = (inner.width + 16 + aside, inner.height + 4)

    def draw(x: float, y: float) -> str:
        drawn = rect(x, y, box, fill, radius=min(box[1] / 2, 11))
        if sign:
            drawn += icon(sign, x + 7, y + 2 + look.line / 2 - 6, 12, colour)
        return drawn + inner.draw(x + 8 + aside, y + 2)

    return Block(*box, draw)


def flow(blocks: Sequence[Block], room: float, *, gap: float = 4) -> Block:
    """Beside each other as long as there is room."""
    places: list[tuple[float, float, Block]] = []
    x = y = tall = 0.0
    for block in blocks:
        if x and x + block.width > room:
            x, y, tall = 0.0, y + tall + gap, 0.0
        places.append((x, y, block))
        x, tall = x + block.width + gap, max(tall, block.height)
    return Block(room, y + tall, lambda left, top: "".join(one.draw(left + a, top + b) for a, b, one in places))


def stack(blocks: Sequence[Block], *, gap: float = 6) -> Block:
    """Below each other."""
    tops = [sum(block.height + gap for block in blocks[:place]) for place in range(len(blocks))]
    tall = tops[-1] + blocks[-1].height if blocks else 0.0
    return Block(
        max((block.width for block in blocks), default=0.0),
        tall,
        lambda x, y: "".join(block.draw(x, y + top) for top, block in zip(tops, blocks, strict=True)),
    )


def boxed(inner: Block, room: float, *, fill: str) -> Block:
    """A card."""
    box = (room, inner.height + 14)
    return Block(*box, lambda x, y: rect(x, y, box, fill, radius=6) + inner.draw(x + 8, y + 7))


def document(body: str, box: tuple[float, float], *, title: str) -> str:
    size = f'width="{number(box[0])}" height="{number(box[1])}" viewBox="0 0 {number(box[0])} {number(box[1])}"'
    said = escape(_NOT_XML.sub("\ufffd", title), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size} role="img" '
        f'font-family="{fonts.FAMILY}"><title>{said}</title>{body}</svg>\n'
    )
