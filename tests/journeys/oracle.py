"""A slow, independent reading of interface.md and architecture.md §3: walks a list of instants, keeps no state to go
on from, shares no code with the fold."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Happened:
    id: int
    at: datetime
    event: str
    by: str = "customer"
    stage: str | None = None  # a decision of staff
    properties: tuple = ()


def history(journey: dict, happened: list[Happened], folded_to: datetime) -> list[tuple]:
    """(lap, stage name, entered_at, left_at, overdue_at) of each entry, in order."""
    stages = journey["stages"]
    names = [stage["name"] for stage in stages]
    lapsed = next((s["name"] for s in stages if s["kind"] == "lapsed"), None)
    ordered = sorted(happened, key=lambda h: (h.at, h.id))
    entries: list[list] = []
    lap = 0
    last_visit = None
    held = False
    for position, one in enumerate([*ordered, None]):
        until = one.at if one else folded_to
        _let_time_pass(journey, entries, ordered[:position], until, lapsed, is_event=one is not None)
        if one is None:
            break
        current = entries[-1][1] if entries else None
        if one.stage is not None:
            if one.stage in names:
                if current is None:
                    lap += 1
                if current != one.stage:
                    _enter(entries, lap, one.stage, one.at)
                held = True
            continue
        target = _reached_stage(journey, ordered[: position + 1])
        if target is None:
            continue
        if current is None:
            lap += 1
            _enter(entries, lap, target, one.at)
            held = False
        elif target != current:
            index, now_index = names.index(target), names.index(current)
            days = journey.get("new_lap_after_days")
            is_old = days and last_visit is not None and one.at - last_visit >= timedelta(days=days)
            if current == lapsed or (index < now_index and is_old):
                lap += 1
                _enter(entries, lap, target, one.at)
                held = False
            elif index > now_index or (stages[index].get("back") and not held):
                _enter(entries, lap, target, one.at)
                held = False
        last_visit = one.at
    return [tuple(entry) for entry in entries]


def _enter(entries: list[list], lap: int, stage: str, at: datetime) -> None:
    if entries:
        entries[-1][3] = at
    entries.append([lap, stage, at, None, None])


def _let_time_pass(journey, entries, before, until, lapsed, *, is_event) -> None:
    silent_at = None
    activity = [h.at for h in before if h.by == "customer"]
    days = journey.get("lapse_after_days")
    if days and activity and entries:
        due = max(activity) + timedelta(days=days)
        began = entries[0][2]
        used = any(e[1] == lapsed and e[2] == due for e in entries)
        # Time goes first at an instant: what happened at `due` came after the silence, and a decision then holds.
        if due <= until and due >= began and entries[-1][1] != lapsed and not used and due > _last_seen(before):
            silent_at = due
    if entries:
        _overdue(journey, entries[-1], silent_at if silent_at is not None else until, strictly=True)
    if silent_at is not None:
        lap = entries[-1][0]
        _enter(entries, lap, lapsed, silent_at)
        _overdue(journey, entries[-1], until, strictly=True)


def _last_seen(before) -> datetime:
    return max(h.at for h in before)


def _overdue(journey, entry, until, *, strictly) -> None:
    stage = next(s for s in journey["stages"] if s["name"] == entry[1])
    days = stage.get("expected_days")
    if days and entry[4] is None and entry[2] + timedelta(days=days) < until:
        entry[4] = entry[2] + timedelta(days=days)


def _reached_stage(journey, upto) -> str | None:
    """The stage of the latest step in the map that the last interaction reaches."""
    last = upto[-1]
    found = None
    for stage in journey["stages"]:
        for step in stage.get("steps", []):
            for match in step["match"]:
                if _fits(match, last) and sum(_fits(match, h) for h in upto) >= match.get("nth", 1):
                    found = stage["name"]
    return found


def _fits(match, one) -> bool:
    if one.stage is not None:
        return False
    by = match.get("by", "customer")
    return one.event == match["event"] and by in ("any", one.by)
