"""A map as a picture: the calm, banded variant, as SVG."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.interchange import cells, fonts
from apps.journeys.interchange.colours import light
from apps.journeys.interchange.fonts import MEDIUM, SEMIBOLD
from apps.journeys.interchange.shapes import (
    Block,
    Style,
    chip,
    document,
    flow,
    icon,
    number,
    paragraph,
    rect,
    rule,
    stack,
)
from apps.journeys.selectors.maps import curve, days_in_words, emotion_of

_LANE, _STEP, _PAD, _MARGIN = 152.0, 188.0, 10.0, 24.0
_NARROWEST, _CURVE = 860.0, 148.0
_LABEL, _SMALL = Style(12, SEMIBOLD, "text-2"), Style(11, colour="text-3")
_POINT = re.compile(r"(-?\d+\.\d),(-?\d+(?:\.\d)?)")
_OTHERS = ("info", "amber", "positive", "negative", "text-3")  # lines of further personas, by turns


@dataclass(frozen=True)
class _Line:
    """An emotion curve; the map's own is the first and drawn through."""

    name: str
    colour: str
    emotions: list[float | None]


def write(text: Mapping[str, Any], *, state: str, with_fonts: bool = True) -> str:
    """`text` is a journey in the JSON of the import, `state` says which map of it (a version, the draft)."""
    return _Drawing(text, state).svg(with_fonts=with_fonts)


class _Drawing:
    def __init__(self, text: Mapping[str, Any], state: str) -> None:
        self.text, self.state = text, state
        self.columns = [step for stage in text["stages"] for step in stage["steps"] or [None]] or [None]
        self.step = max(_STEP, (_NARROWEST - _LANE) / len(self.columns))
        self.room = self.step - 2 * _PAD
        self.width = _LANE + self.step * len(self.columns)

    def svg(self, *, with_fonts: bool) -> str:
        head, legend = self._head(), self._legend()
        rows = self._rows()
        tall = sum(row.height for row in rows)
        top = _MARGIN + head.height + 16
        whole = (self.width + 2 * _MARGIN, top + tall + 16 + legend.height + _MARGIN)
        drawn = [rect(0, 0, whole, "canvas"), head.draw(_MARGIN, _MARGIN)]
        panel = (self.width, tall)
        drawn += [rect(_MARGIN, top, panel, "surface", radius=10), *self._bands(rows, top)]
        drawn.append(rect(_MARGIN, top, panel, "", radius=10, stroke="border"))
        drawn.append(legend.draw(_MARGIN, top + tall + 16))
        body = "".join(drawn)
        faces = fonts.faces(re.sub(r"<[^>]*>", "", body) + self.text["name"]) if with_fonts else ""
        style = f"<defs><style>{faces}</style></defs>" if faces else ""
        return document(style + body, whole, title=f"{self.text['name']} – {self.state}")

    def _bands(self, rows: Sequence[Block], top: float) -> list[str]:
        drawn, y = [], top
        for place, row in enumerate(rows):
            if place % 2 and place > 1:
                is_last = place == len(rows) - 1
                drawn.append(rect(_MARGIN + 1, y, (self.width - 2, row.height - (1 if is_last else 0)), "canvas"))
            if place:
                drawn.append(rule(_MARGIN, y, _MARGIN + self.width, y, "border"))
            drawn.append(row.draw(_MARGIN, y))
            y += row.height
        return drawn

    # --- Above and below

    def _head(self) -> Block:
        room = self.width
        persona = self.text.get("persona")
        chips = [chip(persona, 400, fill="accent-soft", colour="accent", sign="user")] if persona else []
        chips.append(chip(self.state, 300, fill="surface", colour="text-2"))
        blocks = [paragraph(self.text["name"], room, Style(20, SEMIBOLD)), flow(chips, room, gap=6)]
        if self.text.get("goal"):
            blocks.append(paragraph(self.text["goal"], min(room, 900), Style(13, colour="text-2")))
        return stack(blocks)

    def _legend(self) -> Block:
        kinds = {lane["kind"] for lane in self.text["lanes"]}
        found = [_swatch("negative-soft", _("Pain point"))] if LaneKind.PAIN in kinds else []
        found += [_swatch("info-soft", _("Opportunity"))] if LaneKind.OPPORTUNITY in kinds else []
        if any(step and step.get("moment_of_truth") for step in self.columns):
            found.append(_sign("star", "amber", _("Moment of truth")))
        if len(self.lines) > 1:
            found += [_stroke(line, is_own=place == 0) for place, line in enumerate(self.lines)]
        return flow(found, self.width, gap=20)

    # --- Rows

    def _rows(self) -> list[Block]:
        rows = [self._stages(), self._row(_("Step"), [self._step_name(step) for step in self.columns])]
        if any(value is not None for line in self.lines for value in line.emotions):
            rows.append(self._emotions())
            feelings = [self._feeling(step) for step in self.columns]
            rows.append(self._row(_("Feeling"), feelings, sign="smile"))
        rows += [self._lane(lane) for lane in self.text["lanes"]]
        return rows

    def _row(self, name: str, row: Sequence[Block | None], *, sign: str = "", note: str = "") -> Block:
        label = _label(name, sign=sign, note=note)
        tall = max(label.height, *(one.height for one in row if one), 20) + 2 * _PAD

        def draw(x: float, y: float) -> str:
            drawn = label.draw(x + _PAD, y + _PAD + 1.5)
            places = enumerate(row)
            return drawn + "".join(
                one.draw(x + _LANE + place * self.step + _PAD, y + _PAD) for place, one in places if one
            )

        return Block(self.width, tall, draw)

    def _stages(self) -> Block:
        row: list[Block | None] = []
        for stage in self.text["stages"]:
            span = max(1, len(stage["steps"]))
            row += [self._pill(stage, span * self.step - 2 * _PAD), *[None] * (span - 1)]
        return self._row(_("Stage"), row)

    def _pill(self, stage: Mapping[str, Any], room: float) -> Block:
        name = chip(stage["name"], room, fill="accent-soft", colour="accent", style=Style(13, SEMIBOLD, "accent"))
        days = days_in_words(stage.get("expected_days"))
        if not days:
            return name
        note = paragraph(days, room, _SMALL)
        return flow([name, Block(note.width, note.height, lambda x, y: note.draw(x + 2, y + 4))], room)

    def _step_name(self, step: Mapping[str, Any] | None) -> Block:
        if step is None:
            lapsed = any(stage["kind"] == StageKind.LAPSED and not stage["steps"] for stage in self.text["stages"])
            return paragraph(_("After silence") if lapsed else "–", self.room, Style(13, colour="text-3"))
        is_moment = step.get("moment_of_truth")
        name = paragraph(step["name"], self.room - (18 if is_moment else 0), Style(13, MEDIUM))
        blocks = [_starred(name) if is_moment else name]
        notes = [_("optional")] if step.get("optional") else []
        if step.get("alternative_to"):
            notes.append(_("instead of %(step)s") % {"step": step["alternative_to"]})
        if notes:
            blocks.append(paragraph(", ".join(notes), self.room, _SMALL))
        return stack(blocks, gap=2)

    def _feeling(self, step: Mapping[str, Any] | None) -> Block | None:
        if step is None or (step.get("emotion") is None and not step.get("feeling")):
            return None
        return cells.emotion(step.get("emotion"), step.get("feeling", ""), self.room)

    def _lane(self, lane: Mapping[str, Any]) -> Block:
        kind = LaneKind(lane["kind"])
        row = [cells.cell(self._cards(step, lane["name"]), kind, self.room) for step in self.columns]
        note = lane.get("persona", "")
        return self._row(lane["name"], row, sign=kind.icon, note=note if note != lane["name"] else "")

    def _cards(self, step: Mapping[str, Any] | None, lane: str) -> list[cells.Card]:
        return self._by_cell.get((step["name"], lane), []) if step else []

    @cached_property
    def _by_cell(self) -> dict[tuple[str, str], list[cells.Card]]:
        found: dict[tuple[str, str], list[cells.Card]] = {}
        for card in self.text["cards"]:
            found.setdefault((card["step"], card["lane"]), []).append(card)
        return found

    # --- Emotion

    @cached_property
    def lines(self) -> list[_Line]:
        name = self.text.get("persona") or _("Expected")
        found = [_Line(name, "accent", [step.get("emotion") if step else None for step in self.columns])]
        others = [lane for lane in self.text["lanes"] if lane["kind"] == LaneKind.EMOTION]
        for place, lane in enumerate(others):
            said = [self._cards(step, lane["name"]) for step in self.columns]
            found.append(_Line(lane["name"], _OTHERS[place % len(_OTHERS)], [emotion_of(cards) for cards in said]))
        return found

    def _emotions(self) -> Block:
        label = _label(_("Emotion"), sign="activity", note=_("Expected, −2 to +2"))

        def draw(x: float, y: float) -> str:
            left, right = x + _LANE, x + self.width - 1
            heights = [y + _CURVE * part for part in (0.08, 0.29, 0.71, 0.92)]
            grid = [rule(left, height, right, height, "border", dash="2 3") for height in heights]
            zero = rule(left, y + _CURVE / 2, right, y + _CURVE / 2, "edge")
            own, *others = self.lines
            # Tints lie below all lines, and the map's own line above all.
            curves = [self._curve(line, (left, y), is_own=line is own) for line in (*reversed(others), own)]
            tint = self._tinted(own, (left, y))
            return label.draw(x + _PAD, y + _PAD) + tint + "".join(grid) + zero + "".join(curves)

        return Block(self.width, _CURVE, draw)

    def _curve(self, line: _Line, at: tuple[float, float], *, is_own: bool) -> str:
        found = curve(line.emotions)
        if found is None:
            return ""
        pen = f'fill="none" stroke="{light()[line.colour]}" stroke-linecap="round"'
        path = self._placed(found.line, at)
        spots = [(at[0] + x / 100 * self.step * len(self.columns), at[1] + y / 100 * _CURVE) for x, y in found.points]
        if not is_own:
            dots = "".join(_dot(x, y, 3.5, ("surface", line.colour, 1.5)) for x, y in spots)
            return f'<path d="{path}" {pen} stroke-width="1.5" stroke-dasharray="5 4"/>{dots}'
        dots = "".join(_dot(x, y, 5, ("accent", "surface", 2)) for x, y in spots)
        return f'<path d="{path}" {pen} stroke-width="2"/>{dots}'

    def _tinted(self, line: _Line, at: tuple[float, float]) -> str:
        found = curve(line.emotions)
        area = self._placed(found.area, at) if found else ""
        half = f'x="{number(at[0])}" width="{number(self.width - _LANE)}" height="{number(_CURVE / 2)}"'
        clips = [("above", "positive-soft", at[1]), ("below", "negative-soft", at[1] + _CURVE / 2)]
        return "".join(
            f'<clipPath id="{name}"><rect {half} y="{number(y)}"/></clipPath>'
            f'<path d="{area}" fill="{light()[tint]}" clip-path="url(#{name})"/>'
            for name, tint, y in clips
        ) if area else ""  # fmt: skip

    def _placed(self, path: str, at: tuple[float, float]) -> str:
        """A path of the curve's own box (a step is 100 wide, the scale 100 high) where it stands in the drawing."""
        across, down = self.step / 100, _CURVE / 100
        return _POINT.sub(
            lambda found: f"{at[0] + float(found[1]) * across:.1f},{at[1] + float(found[2]) * down:.1f}", path
        )


# --- Small things


def _dot(x: float, y: float, radius: float, pen: tuple[str, str, float]) -> str:
    fill, stroke, wide = pen
    place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
    return f'<circle {place} fill="{light()[fill]}" stroke="{light()[stroke]}" stroke-width="{number(wide)}"/>'


def _label(name: str, *, sign: str = "", note: str = "") -> Block:
    aside = 22.0 if sign else 0.0
    room = _LANE - 2 * _PAD - aside
    inner = stack([paragraph(name, room, _LABEL), *([paragraph(note, room, _SMALL)] if note else [])], gap=1)

    def draw(x: float, y: float) -> str:
        return (icon(sign, x, y + 1, 15, "text-3") if sign else "") + inner.draw(x + aside, y)

    return Block(_LANE, inner.height, draw)


def _starred(name: Block) -> Block:
    return Block(name.width + 18, name.height, lambda x, y: icon("star", x, y + 2, 13, "amber") + name.draw(x + 18, y))


def _item(mark: Block, name: str) -> Block:
    look = Style(12, colour="text-2")
    said = paragraph(name, 300, look)
    return Block(
        mark.width + 6 + said.width, said.height, lambda x, y: mark.draw(x, y) + said.draw(x + mark.width + 6, y)
    )


def _swatch(fill: str, name: str) -> Block:
    return _item(Block(16, 12, lambda x, y: rect(x, y + 2, (16, 12), fill, radius=3, stroke="border")), name)


def _sign(sign: str, colour: str, name: str) -> Block:
    return _item(Block(13, 13, lambda x, y: icon(sign, x, y + 2, 13, colour)), name)


def _stroke(line: _Line, *, is_own: bool) -> Block:
    dash, pen = ("", 2) if is_own else (' stroke-dasharray="5 4"', 1.5)

    def draw(x: float, y: float) -> str:
        ends = f'x1="{number(x)}" y1="{number(y + 8)}" x2="{number(x + 22)}" y2="{number(y + 8)}"'
        return f'<line {ends} stroke="{light()[line.colour]}" stroke-width="{pen}"{dash}/>'

    return _item(Block(22, 13, draw), line.name)
