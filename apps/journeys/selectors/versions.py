"""Two versions of a map, compared by the keys that stages, steps and cards keep: what differs, both side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from apps.journeys.enums import CardStatus, Evidence, Frequency, LaneKind, StageKind
from apps.journeys.selectors.maps import sentence

type Snapshot = Mapping[str, Any]
type Fields = dict[str, str]  # words by the name of a field; "" where nothing is said
type Names = Mapping[str, str]  # of stages and steps, by key: what was renamed is called by its new name in both


@dataclass(frozen=True)
class Difference:
    """`kind`: added, removed or changed. `before` and `after` are words; "" where there was or is nothing."""

    kind: str
    what: str
    name: str
    field: str = ""
    before: str = ""
    after: str = ""


def compare(old: Snapshot, new: Snapshot) -> list[Difference]:
    """In the order of the new map: the journey, stages, steps, lanes, cards."""
    names = _names(old, new)
    return [
        *_fields(_("Journey"), new["name"], _journey(old), _journey(new)),
        *_things(_("Stage"), _stages(old), _stages(new)),
        *_things(_("Step"), _steps(old, names), _steps(new, names)),
        *_things(_("Lane"), _lanes(old), _lanes(new)),
        *_cards(old, new, names),
    ]


def _names(*versions: Snapshot) -> Names:
    """The last version has the last word."""
    stages = [stage for one in versions for stage in one["stages"]]
    return {part["key"]: part["name"] for stage in stages for part in (stage, *stage["steps"])}


def _journey(one: Snapshot) -> Fields:
    return {
        _("name"): one["name"],
        _("persona"): one.get("persona") or "",
        _("segment"): one.get("segment") or "",
        _("goal"): one.get("goal") or "",
        _("beginning"): one.get("beginning") or "",
        _("middle"): one.get("middle") or "",
        _("end"): one.get("end") or "",
        _("what the customer expects"): one.get("expectations") or "",
        _("from beginning to end"): _days(one.get("expected_days")),
        _("owner"): one.get("owner") or "",
        _("review on"): one.get("review_on") or "",
        _("lapses after"): _days(one.get("lapse_after_days")),
        _("new lap after"): _days(one.get("new_lap_after_days")),
    }


def _days(value: float | None) -> str:
    return _("%(days)g days") % {"days": value} if value else ""


def _stages(one: Snapshot) -> dict[str, Fields]:
    return {
        stage["key"]: {
            _("name"): stage["name"],
            _("place"): str(place),
            _("kind"): str(StageKind(stage["kind"]).label),
            _("expected time"): _days(stage.get("expected_days")),
            _("may go back"): _yes(stage.get("back")),
            _("department"): stage.get("department") or "",
        }
        for place, stage in enumerate(one["stages"], 1)
    }


def _steps(one: Snapshot, names: Names) -> dict[str, Fields]:
    keys = _step_keys(one)
    return {
        step["key"]: {
            _("name"): step["name"],
            _("place"): f"{names[stage['key']]} {place}",
            _("rule"): sentence(step.get("match", [])),
            _("emotion"): _emotion(step.get("emotion")),
            _("feeling"): step.get("feeling", ""),
            _("optional"): _yes(step.get("optional")),
            _("alternative to"): names[keys[step["alternative_to"]]] if step.get("alternative_to") else "",
            _("moment of truth"): _yes(step.get("moment_of_truth")),
            _("takes"): _minutes(step.get("takes_minutes")),
        }
        for stage in one["stages"]
        for place, step in enumerate(stage["steps"], 1)
    }


def _emotion(value: float | None) -> str:
    return "" if value is None else f"{value:+g}"


def _minutes(value: int | None) -> str:
    return _("%(minutes)s minutes") % {"minutes": value} if value else ""


def _lanes(one: Snapshot) -> dict[str, Fields]:
    return {
        lane["name"]: {
            _("name"): lane["name"],
            _("kind"): str(LaneKind(lane["kind"]).label),
            _("persona"): lane.get("persona") or "",
            _("place"): str(place),
        }
        for place, lane in enumerate(one["lanes"], 1)
    }


def _yes(value: object) -> str:
    return _("yes") if value else ""


def _things(what: str, old: dict[str, Fields], new: dict[str, Fields]) -> list[Difference]:
    found = []
    for key, fields in new.items():
        if key not in old:
            found.append(Difference("added", what, fields[_("name")]))
        else:
            found += _fields(what, fields[_("name")], old[key], fields)
    gone = [fields for key, fields in old.items() if key not in new]
    return found + [Difference("removed", what, fields[_("name")]) for fields in gone]


def _fields(what: str, name: str, old: Fields, new: Fields) -> list[Difference]:
    return [
        Difference("changed", what, name, field, old[field], new[field]) for field in new if old[field] != new[field]
    ]


# --- Cards


def _cards(old: Snapshot, new: Snapshot, names: Names) -> list[Difference]:
    is_keyed = _is_keyed(old, new)
    before, after = _card_fields(old, names, is_keyed=is_keyed), _card_fields(new, names, is_keyed=is_keyed)
    found = []
    for key, fields in after.items():
        name = fields[_("place")]
        if key not in before:
            found.append(Difference("added", _("Card"), name, _("text"), "", _in_words(fields)))
        else:
            found += _fields(_("Card"), name, before[key], fields)
    gone = [fields for key, fields in before.items() if key not in after]
    return found + [Difference("removed", _("Card"), f[_("place")], _("text"), _in_words(f), "") for f in gone]


def _is_keyed(*versions: Snapshot) -> bool:
    """Cards of versions from before cards had keys are the same by their cell and text."""
    return all(card.get("key") for one in versions for card in one["cards"])


def _card_fields(one: Snapshot, names: Names, *, is_keyed: bool) -> dict[Any, Fields]:
    keys = _step_keys(one)
    return {
        card["key"] if is_keyed else (keys[card["step"]], card["lane"], card["text"]): {
            _("place"): f"{names[keys[card['step']]]} × {card['lane']}",
            **_card(card),
        }
        for card in one["cards"]
    }


def _step_keys(one: Snapshot) -> dict[str, str]:
    return {step["name"]: step["key"] for stage in one["stages"] for step in stage["steps"]}


def _card(card: Mapping[str, Any]) -> Fields:
    return {
        _("text"): card["text"],
        _("severity"): _text(card.get("severity")),
        _("frequency"): str(dict(Frequency.choices).get(card.get("frequency", ""), "")),
        _("effort"): _text(card.get("effort")),
        _("impact"): _text(card.get("impact")),
        _("status"): str(dict(CardStatus.choices).get(card.get("status", ""), "")),
        _("owner"): card.get("owner") or "",
        _("due on"): card.get("due_on") or "",
        _("solved at"): (card.get("solved_at") or "")[:16].replace("T", " "),
        _("evidence"): _evidence(card),
        _("touchpoint"): card.get("touchpoint") or "",
        _("department"): card.get("department") or "",
        _("emotion"): _emotion(card.get("emotion")),
        _("target"): f"{card['target']:g} {card.get('unit', '')}".strip() if card.get("target") is not None else "",
        _("image"): _("picture %(digest)s") % {"digest": card["image"][7:15]} if card.get("image") else "",
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _evidence(card: Mapping[str, Any]) -> str:
    kind = str(dict(Evidence.choices).get(card.get("evidence", ""), ""))
    n = _("n = %(n)s") % {"n": card["evidence_n"]} if card.get("evidence_n") else ""
    return ", ".join(part for part in (kind, n, card.get("evidence_note", "")) if part)


def _in_words(fields: Fields) -> str:
    """A card in one line: its text, and what else is said of it."""
    hidden = {_("text"), _("place")}
    details = [f"{name} {said}" for name, said in fields.items() if said and name not in hidden]
    text = fields[_("text")]
    return f"{text} ({', '.join(details)})" if text and details else text or ", ".join(details)


# --- Side by side


@dataclass(frozen=True)
class Line:
    """A field of a part, or the cell of a step and a lane: what each version says, one item a card."""

    label: str
    before: list[str]
    after: list[str]

    @property
    def mark(self) -> str:
        """ "" where nothing changed."""
        if self.before == self.after:
            return ""
        return "changed" if self.before and self.after else "added" if self.after else "removed"


@dataclass(frozen=True)
class Block:
    """The journey, a stage or a step with its lines. `mark`: added, removed, changed or ""."""

    what: str
    name: str
    mark: str
    lines: list[Line] = field(default_factory=list)
    level: int = 1


def side_by_side(old: Snapshot, new: Snapshot) -> list[Block]:
    """Every field and cell of both, in the order of the new map; what it has no more stands where it stood."""
    blocks = [_block(_("Journey"), _journey(old), _journey(new), level=1)]
    old_stages, new_stages = _stages(old), _stages(new)
    names = _names(old, new)
    old_steps, new_steps = _steps(old, names), _steps(new, names)
    stages_of = {step["key"]: stage["key"] for one in (old, new) for stage in one["stages"] for step in stage["steps"]}
    steps = _merged(old_steps, new_steps)
    cells = _cells(old), _cells(new)
    lanes = _merged(_lanes(old), _lanes(new))
    for stage in _merged(old_stages, new_stages):
        blocks.append(_block(_("Stage"), old_stages.get(stage), new_stages.get(stage), level=1))
        for step in (step for step in steps if stages_of[step] == stage):
            block = _block(_("Step"), old_steps.get(step), new_steps.get(step), level=2)
            said = [Line(lane, cells[0].get((step, lane), []), cells[1].get((step, lane), [])) for lane in lanes]
            blocks.append(_with_cells(block, [line for line in said if line.before or line.after]))
    return [*blocks, *_lane_blocks(_lanes(old), _lanes(new))]


def changed_only(blocks: list[Block]) -> list[Block]:
    """Of a part that came or went all; what is in it or around it and stayed the same is left out."""
    return [replace(block, lines=[line for line in block.lines if line.mark]) for block in blocks if block.mark]


def _merged(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """The new order; each that is gone behind the one that it stood behind."""
    found = list(new)
    last = -1
    for key in old:
        if key in found:
            last = found.index(key)
        else:
            last += 1
            found.insert(last, key)
    return found


def _block(what: str, old: Fields | None, new: Fields | None, *, level: int) -> Block:
    names = new or old or {}
    lines = [Line(name, _listed((old or {}).get(name)), _listed((new or {}).get(name))) for name in names]
    lines = [line for line in lines if line.before or line.after]
    mark = "added" if old is None else "removed" if new is None else ""
    changed = "changed" if any(line.mark for line in lines) else ""
    return Block(what, names[_("name")], mark or changed, lines, level)


def _listed(said: str | None) -> list[str]:
    return [said] if said else []


def _with_cells(block: Block, cells: list[Line]) -> Block:
    mark = block.mark or ("changed" if any(line.mark for line in cells) else "")
    return Block(block.what, block.name, mark, [*block.lines, *cells], block.level)


def _lane_blocks(old: dict[str, Fields], new: dict[str, Fields]) -> list[Block]:
    return [_block(_("Lane"), old.get(lane), new.get(lane), level=1) for lane in _merged(old, new)]


def _cells(one: Snapshot) -> dict[tuple[str, str], list[str]]:
    keys = _step_keys(one)
    found: dict[tuple[str, str], list[str]] = {}
    for card in one["cards"]:
        found.setdefault((keys[card["step"]], card["lane"]), []).append(_in_words(_card(card)))
    return found
