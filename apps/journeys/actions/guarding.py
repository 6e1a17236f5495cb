"""What a publication may not take away: stages and steps that rules ask for by name."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.core import registry, rules
from apps.journeys.models import Journey

_ASKS = {"in_stage": "stage", "overdue": "stage", "reached": "step"}


def who_asks_for(journey: str) -> list[str]:
    """The holders of rules that name this journey."""
    found = []
    for holders in registry.rule_holders:
        for holder, rule in holders():
            leaves = [value for predicate, value in rules.leaves(rule) if predicate in _ASKS]
            if any(value["journey"] == journey for value in leaves):
                found.append(str(holder))
    return found


def keep_what_rules_ask_for(journey_id: int, snapshot: Mapping[str, Any]) -> list[str]:
    """A publish guard: a sentence for each rule that would ask for nothing."""
    name = Journey.objects.values_list("name", flat=True).get(pk=journey_id)
    there = {
        "stage": {stage["name"] for stage in snapshot["stages"]},
        "step": {step["name"] for stage in snapshot["stages"] for step in stage["steps"]},
    }
    found = []
    for holders in registry.rule_holders:
        for holder, rule in holders():
            for predicate, value in rules.leaves(rule):
                what = _ASKS.get(predicate)
                if what and value["journey"] == name and what in value and value[what] not in there[what]:
                    words = {"holder": holder, "what": what, "name": value[what]}
                    found.append(_("%(holder)s asks for the %(what)s “%(name)s”, which is no more.") % words)
    return list(dict.fromkeys(found))
