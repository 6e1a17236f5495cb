"""A map as a Mermaid `journey` diagram. What Mermaid has no word for stands in comments, each one JSON value on a line:
`%% milepost:map`, `:lane`, `:stage`, `:step`, `:card`, the last three below the line of what they are about."""

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from html.entities import html5
from typing import Any

MARK = "milepost:"
NEUTRAL = 3
# Mermaid's own signs, and those of HTML, which its labels become.
_SIGNS = frozenset(":;#,%<>\"'{}&")
# Words that begin another line than a step's, and names of another diagram wherever they stand (the C4 detector).
_TAKEN = re.compile(r"^(?=journey|title|section|acctitle|accdescr)\w|C(?=4(?:Con|Com|Dyn|Dep))", re.IGNORECASE)
_CODE = re.compile(r"#(\w+);", re.ASCII)


def write(text: Mapping[str, Any]) -> str:
    """`text` is a journey in the JSON of the import, without keys; `mermaid_reading.read` gives exactly that back."""
    head = {name: value for name, value in text.items() if name not in {"name", "stages", "lanes", "cards"}}
    lines = ["journey", f"    title {encode(text['name'])}", _note("map", head)]
    lines += [_note("lane", lane) for lane in text.get("lanes", [])]
    cards: dict[str, list[Mapping[str, Any]]] = {}
    for card in text.get("cards", []):
        cards.setdefault(card["step"], []).append(card)
    for stage in text["stages"]:
        lines += ["", f"    section {encode(stage['name'])}", _note("stage", _but(stage, "name", "steps"))]
        for step in stage.get("steps", []):
            lines += _step(step, who=text.get("persona"))
            lines += [_note("card", _but(card, "step")) for card in cards.get(step["name"], [])]
    return "\n".join(lines) + "\n"


def _step(step: Mapping[str, Any], *, who: str | None) -> list[str]:
    score = score_of(step.get("emotion"))
    details = _but(step, "name", "emotion")
    if step.get("emotion") != score - NEUTRAL:
        details["emotion"] = step.get("emotion")
    actor = f": {encode(who)}" if who else ""
    return [f"      {encode(step['name'])}: {score}{actor}", _note("step", details)]


def score_of(emotion: float | None) -> int:
    """−2 … +2 as Mermaid's 1 … 5; halves go away from the middle, no emotion stands in it."""
    away = math.copysign(math.floor(abs(emotion or 0) + 0.5), emotion or 0)
    return NEUTRAL + int(away)


def _but(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _note(what: str, values: Mapping[str, Any]) -> str:
    said = json.dumps(values, ensure_ascii=False)
    return f"    %% {MARK}{what} {''.join(_escaped(sign) for sign in said)}"


def _escaped(sign: str) -> str:
    """In JSON: nothing that ends a line, cannot be seen, or begins a directive of Mermaid."""
    if sign != "%" and not _is_unseen(sign):
        return sign
    return json.dumps(sign)[1:-1] if ord(sign) > 127 else f"\\u{ord(sign):04x}"


def encode(text: str) -> str:
    """Signs that mean something to Mermaid, or that nobody sees, as its entity codes."""
    coded = "".join(f"#{ord(sign)};" if sign in _SIGNS or _is_unseen(sign) else sign for sign in text)
    return _TAKEN.sub(lambda found: f"#{ord(found[0])};", coded)


def _is_unseen(sign: str) -> bool:
    return sign != " " and unicodedata.category(sign)[0] in "CZ"


def decode(text: str) -> str:
    """`#58;` and `#colon;` as the signs they stand for; what is no code stays."""
    return _CODE.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    name = found[1]
    if not name.isdecimal():
        return html5.get(f"{name};", found[0])
    number = int(name[:8])
    is_sign = 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_sign else "\ufffd"
