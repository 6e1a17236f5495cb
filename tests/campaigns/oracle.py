"""A slow second engine for campaigns, which shares no code with the first: one customer, hour by hour, in plain Python
over the text of the campaign. What it says happened must be what the tables say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)


@dataclass
class Happening:
    at: datetime
    event: str


@dataclass
class Run:
    """`stack` holds what is still to be done, the next first."""

    cause_at: datetime
    stack: list[dict[str, Any]]
    due: datetime
    waits_for: dict[str, Any] | None = None
    in_wait: dict[str, Any] | None = None
    state: str = "active"
    reason: str = ""
    passed: list[str] = field(default_factory=list)
    messages: list[tuple[str, datetime]] = field(default_factory=list)


class Oracle:
    def __init__(self, text: dict[str, Any], *, is_gold: bool, splits: dict[str, int]) -> None:
        self.text, self.is_gold, self.splits = text, is_gold, splits
        self.runs: list[Run] = []
        self.known: list[Happening] = []

    def tick(self, now: datetime, happenings: list[Happening]) -> None:
        self.known += happenings
        self.runs += [Run(one.at, list(self.text["steps"]), now) for one in happenings if one.event == "Start"]
        if happenings:
            for run in self.runs:
                self.look(run, now)
        for run in self.runs:
            self.go(run, now)

    def did(self, event: str, since: datetime) -> bool:
        return any(one.event == event and one.at > since for one in self.known)

    def look(self, run: Run, now: datetime) -> None:
        """Exits, and what is waited for: looked at when something happens."""
        if run.state == "active" and self.did("Stop", run.cause_at):
            run.state, run.reason = "exited", "exit rule"
        if run.state == "active" and run.waits_for and self.did(run.waits_for["for"]["did"]["event"], run.cause_at):
            run.waits_for = run.in_wait = None  # goes straight on
            run.due = now

    def go(self, run: Run, now: datetime) -> None:
        while run.state == "active" and run.due <= now:
            if run.waits_for:  # timed out
                run.stack = [*run.waits_for["else"], *run.stack]
            run.waits_for = run.in_wait = None
            if not run.stack:
                run.state = "finished"
                return
            self.step(run, run.stack.pop(0), now)

    def step(self, run: Run, raw: dict[str, Any], now: datetime) -> None:
        kind = next(name for name in raw if name != "key")
        said = raw[kind]
        run.passed.append(raw["key"])
        if kind == "message":
            run.messages.append((raw["key"], now))
        elif kind == "exit":
            run.state, run.reason = "exited", "exit step"
        elif kind == "split":
            run.stack = [*said["ways"][self.splits[raw["key"]]]["steps"], *run.stack]
        elif kind == "branch":
            way = said["ways"][0]["steps"] if self.is_gold else said["else"]
            run.stack = [*way, *run.stack]
        elif "for" in said:
            if not self.did(said["for"]["did"]["event"], run.cause_at):
                run.waits_for, run.due = said, now + said["at_most"]["hours"] * HOUR
        elif said["hours"]:
            run.in_wait, run.due = said, now + said["hours"] * HOUR
