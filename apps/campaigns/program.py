"""The steps of a campaign as a program: the tree of its text laid out as numbered steps that say where to go on. Pure.

A step that branches names a position for each of its ways; what follows a branch is where its ways meet again. Nothing
goes back, so a run passes each step at most once."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.campaigns.enums import StepKind
from apps.customers.models import Topic

HAPPENED, TIMED_OUT = 0, 1  # the ways of a wait until something happens


@dataclass
class WayText:
    """One way of a branch (`rule`; the last way has none) or of a split (`percent`)."""

    name: str
    steps: "list[StepText]"
    rule: dict[str, Any] | None = None
    percent: float | None = None


@dataclass
class StepText:
    key: str
    kind: StepKind
    settings: dict[str, Any]
    topic: Topic | None = None
    ways: list[WayText] = field(default_factory=list)


@dataclass(frozen=True)
class Placed:
    """A step at its position; `ways` are plain values: name, rule or percent, and `to`."""

    position: int
    next: int | None
    text: StepText
    ways: list[dict[str, Any]]


def lay_out(steps: Sequence[StepText]) -> list[Placed]:
    """In the order of their positions, from 0."""
    return list(_laid(steps, 0, None))


def _laid(steps: Sequence[StepText], start: int, after: int | None) -> Iterator[Placed]:
    position = start
    for number, step in enumerate(steps):
        behind = position + _size(step)
        goes_on = behind if number + 1 < len(steps) else after
        goes_on = None if step.kind is StepKind.EXIT else goes_on
        yield Placed(position, goes_on, step, _ways(step, position, goes_on))
        inner = position + 1
        for way in step.ways:
            yield from _laid(way.steps, inner, goes_on)
            inner += sum(map(_size, way.steps))
        position = behind


def _ways(step: StepText, position: int, goes_on: int | None) -> list[dict[str, Any]]:
    found = []
    inner = position + 1
    for way in step.ways:
        found.append(
            {"name": way.name, "to": inner if way.steps else goes_on}
            | ({"rule": way.rule} if way.rule is not None else {})
            | ({"percent": way.percent} if way.percent is not None else {})
        )
        inner += sum(map(_size, way.steps))
    return found


def _size(step: StepText) -> int:
    return 1 + sum(_size(inner) for way in step.ways for inner in way.steps)


def count(steps: Sequence[StepText]) -> int:
    return sum(map(_size, steps))


def way_of_split(key: str, ways: Sequence[Mapping[str, Any]], customer_id: int) -> int:
    """By chance, and the same for a customer who comes again: a function of the step's key and the customer."""
    digest = hashlib.blake2b(f"{key}:{customer_id}".encode(), digest_size=8).digest()
    at = int.from_bytes(digest) / 2**64 * 100
    total = 0.0
    for number, way in enumerate(ways):
        total += way["percent"]
        if at < total:
            return number
    return len(ways) - 1
