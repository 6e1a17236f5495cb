"""A map as a table: a row for each card, one for each step without cards and each stage without steps."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.core.tables.writing import CsvWriter

_STAGE = ("name", "kind", "department", "expected_days")
_STEP = (
    "name", "emotion", "feeling", "optional", "alternative_to", "moment_of_truth", "takes_minutes",
)  # fmt: skip
_CARD = (
    "text", "severity", "frequency", "effort", "impact", "status", "owner", "due_on", "solved_at", "evidence",
    "evidence_n", "evidence_note", "touchpoint", "department", "emotion", "target", "unit",
)  # fmt: skip
HEADER = [
    "stage", *(f"stage_{name}" for name in _STAGE[1:]), "step", *(f"step_{name}" for name in _STEP[1:]), "lane",
    "lane_kind", "lane_persona", *_CARD, "has_image",
]  # fmt: skip


def write(text: Mapping[str, Any]) -> bytes:
    """CSV as all our exports: UTF-8 with its mark, formulas made harmless."""
    writer, state = CsvWriter(), dict[str, Any]()
    return writer.piece(state, [HEADER, *_rows(text)]) + writer.end(state)


def _rows(text: Mapping[str, Any]) -> Iterator[list[str]]:
    lanes = {lane["name"]: lane for lane in text["lanes"]}
    cards: dict[str, list[Mapping[str, Any]]] = {}
    for card in text["cards"]:
        cards.setdefault(card["step"], []).append(card)
    for stage in text["stages"]:
        for step in stage["steps"] or [{}]:
            begin = [*_values(stage, _STAGE), *_values(step, _STEP)]
            for card in cards.get(step.get("name", ""), [{}]):
                yield [*begin, *_card(card, lanes.get(card.get("lane", ""), {}))]


def _card(card: Mapping[str, Any], lane: Mapping[str, Any]) -> list[str]:
    return [*_values(lane, ("name", "kind", "persona")), *_values(card, _CARD), "yes" if card.get("image") else ""]


def _values(values: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    return [_cell(values.get(name)) for name in names]


def _cell(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    return f"{value:g}" if isinstance(value, float) and value == round(value, 6) else str(value)
