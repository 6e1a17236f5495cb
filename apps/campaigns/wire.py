"""A campaign as text: the JSON of interface.md, checked whole before anything is written. It is what people edit, and
with a key on each step what a version keeps."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.campaigns import checking, program, wire_steps, wire_triggers
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import Reentry
from apps.campaigns.program import StepText
from apps.campaigns.wire_triggers import Trigger
from apps.journeys.models import Journey

__all__ = ["CampaignError", "CampaignText", "read"]

MOST_STEPS = wire_steps.MOST_STEPS
ROOT = "root"  # the list of steps of the campaign itself, beside those inside its steps
KEYS = {
    "name",
    "journey",
    "trigger",
    "audience",
    "recheck_audience",
    "reentry",
    "max_lateness_hours",
    "holdout_percent",
    "priority",
    "steps",
    "exit",
    "goal",
}


@dataclass
class CampaignText:
    name: str
    journey: Journey | None
    trigger: Trigger
    audience: dict[str, Any]
    rechecks_audience: bool
    reentry: Reentry
    cool_down_days: int | None
    max_lateness_hours: float
    holdout_percent: int
    priority: int
    steps: list[StepText]
    exit_rule: dict[str, Any]
    goal_rule: dict[str, Any]
    goal_within_days: int | None
    text: dict[str, Any]


def read(data: Any) -> CampaignText:
    """Raises CampaignError. `text` is the same with a key on each step."""
    checking.only(data, KEYS, "The campaign")
    name = checking.text(data, "name", "The campaign")
    journey = _journey(data)
    reentry, cool_down_days = _reentry(data.get("reentry", Reentry.ONCE.value))
    goal = data.get("goal") or {}
    checking.only(goal, {"rule", "within_days"}, "goal")
    steps = wire_steps.read(data.get("steps"))
    if not 1 <= program.count(steps) <= wire_steps.MOST_STEPS:
        raise CampaignError(f"A campaign needs at least one step, and may have at most {wire_steps.MOST_STEPS}.")
    return CampaignText(
        name=name,
        journey=journey,
        trigger=wire_triggers.read(data.get("trigger"), journey),
        audience=checking.rule(data.get("audience"), "audience"),
        rechecks_audience=checking.flag(data.get("recheck_audience", False), "recheck_audience"),
        reentry=reentry,
        cool_down_days=cool_down_days,
        max_lateness_hours=checking.number(data.get("max_lateness_hours", 24), "max_lateness_hours", least=0.01),
        holdout_percent=checking.whole(data.get("holdout_percent", 0), "holdout_percent", least=0, most=90),
        priority=checking.whole(data.get("priority", 5), "priority", least=1, most=9),
        steps=steps,
        exit_rule=checking.rule(data.get("exit"), "exit"),
        goal_rule=checking.rule(goal.get("rule"), "goal"),
        goal_within_days=_days(goal),
        text=_with_keys(data, steps),
    )


def _journey(data: dict[str, Any]) -> Journey | None:
    if data.get("journey") is None:
        return None
    name = checking.text(data, "journey", "The campaign")
    found = Journey.objects.published().select_related("current_version").filter(name=name).first()
    if found is None:
        raise CampaignError(f"There is no published journey named {data['journey']!r}.")
    return found


def _days(goal: dict[str, Any]) -> int | None:
    value = goal.get("within_days")
    return int(checking.number(value, "goal: within_days", least=1, most=3650)) if value is not None else None


def _reentry(value: Any) -> tuple[Reentry, int | None]:
    if isinstance(value, str) and value.startswith("cool_down_days:"):
        days = value.partition(":")[2]
        if days.isdecimal() and len(days) < 6 and int(days) > 0:
            return Reentry.COOL_DOWN, int(days)
    elif isinstance(value, str) and value in {Reentry.ONCE, Reentry.EVERY_TIME, Reentry.AFTER_EXIT}:
        return Reentry(value), None
    raise CampaignError(f"reentry: unknown {value!r}. Use once, every_time, after_exit or cool_down_days:N.")


def _with_keys(data: dict[str, Any], steps: list[StepText]) -> dict[str, Any]:
    text = copy.deepcopy(data)
    seen: set[str] = set()
    for raw, step in zip(walk(text["steps"]), _flat(steps), strict=True):
        if step.key in seen:
            raise CampaignError("Two steps have the same key; leave out the key of the new one.")
        seen.add(step.key)
        raw["key"] = step.key
    return text


def _flat(steps: list[StepText]) -> Iterator[StepText]:
    for step in steps:
        yield step
        for way in step.ways:
            yield from _flat(way.steps)


def kind_of(raw: dict[str, Any]) -> str:
    """Of a step as text."""
    return next(name for name in raw if name != "key")


def lists_of(raw: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lists of steps inside a step as text, each with the name of its way; missing ones are made."""
    kind = kind_of(raw)
    settings = raw[kind]
    if kind == "branch":
        ways = [(way.get("name", ""), way.setdefault("steps", [])) for way in settings["ways"]]
        return [*ways, ("else", settings.setdefault("else", []))]
    if kind == "split":
        return [(way.get("name", ""), way.setdefault("steps", [])) for way in settings["ways"]]
    return [("timed out", settings.setdefault("else", []))] if kind == "wait" and "for" in settings else []


def walk(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every step as text, each before what is inside it."""
    for raw in steps:
        yield raw
        for _name, inner in lists_of(raw):
            yield from walk(inner)
