"""What a new map can start from: ready-made sets of stages, and maps of industries, each a JSON file beside this one:
its persona, its touchpoints, and the map as text (wire.py)."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.journeys.enums import LaneKind, StageKind

type Words = str | Promise

DEFAULT_LANES = (
    LaneKind.ACTIONS,
    LaneKind.TOUCHPOINTS,
    LaneKind.THOUGHTS,
    LaneKind.PAIN,
    LaneKind.OPPORTUNITY,
    LaneKind.BACKSTAGE,
    LaneKind.KPI,
)


@dataclass(frozen=True)
class StageSet:
    key: str
    name: Words
    text: Words
    stages: tuple[tuple[str, StageKind], ...]


@dataclass(frozen=True)
class Template:
    """`persona` and `touchpoints` by the field names of their models; `map` in the JSON of interface.md."""

    key: str
    name: Words
    text: Words
    icon: str
    persona: Mapping[str, str]
    touchpoints: tuple[Mapping[str, Any], ...]
    map: dict[str, Any]


_AWARENESS = ("Awareness", StageKind.AWARENESS)
_CONSIDERATION = ("Consideration", StageKind.CONSIDERATION)
_PURCHASE = ("Purchase", StageKind.PURCHASE)
_RETENTION = ("Retention", StageKind.RETENTION)
_ADVOCACY = ("Advocacy", StageKind.ADVOCACY)

SETS = (
    StageSet(
        "four",
        _("Four stages"),
        _("Short enough for a first workshop or a simple purchase."),
        (
            ("Brand awareness", StageKind.AWARENESS),
            _CONSIDERATION,
            ("Purchase decision", StageKind.PURCHASE),
            ("Post-purchase", StageKind.RETENTION),
        ),
    ),
    StageSet(
        "five",
        _("Five stages"),
        _("From the first notice to the recommendation. Fits most companies."),
        (_AWARENESS, _CONSIDERATION, _PURCHASE, _RETENTION, _ADVOCACY),
    ),
    StageSet(
        "six",
        _("Six stages"),
        _("With a stage of its own for searching and finding."),
        (_AWARENESS, ("Discovery", StageKind.DISCOVERY), _CONSIDERATION, _PURCHASE, _RETENTION, _ADVOCACY),
    ),
    StageSet(
        "problem",
        _("Six stages, problem-led"),
        _("Starts with the customer's problem, before they know that you exist."),
        (
            ("Problem", StageKind.PROBLEM),
            _AWARENESS,
            _CONSIDERATION,
            _PURCHASE,
            _RETENTION,
            ("Loyalty", StageKind.LOYALTY),
        ),
    ),
    StageSet(
        "b2b",
        _("Seven stages, B2B"),
        _("For decisions of several people that end in an implementation."),
        (
            ("Inspiration", StageKind.PROBLEM),
            ("Opportunity", StageKind.AWARENESS),
            ("Research", StageKind.DISCOVERY),
            ("Shortlist and demo", StageKind.CONSIDERATION),
            ("Decision and contract", StageKind.PURCHASE),
            ("Implementation", StageKind.ONBOARDING),
            ("Results", StageKind.USE),
        ),
    ),
)

_TEMPLATES: dict[str, tuple[Words, Words, str]] = {
    "ecommerce": (_("E-commerce"), _("A web shop, from a post in a feed to the second order."), "shopping-cart"),
    "retail_store": (_("Retail store"), _("A store with advice, from the leaflet to the regular."), "store"),
    "car_dealer": (_("Car dealer"), _("Research, test drive, a long wait for the car, and service."), "car"),
    "health_care": (_("Health care"), _("A practice, from the first symptom to the follow-up."), "stethoscope"),
    "banking": (_("Banking"), _("A current account, from research to financial advice."), "landmark"),
    "insurance": (_("Insurance"), _("From a quote to the claim in which the promise is kept."), "shield-check"),
    "b2b_software": (_("B2B software"), _("A team decides, security asks, and results must show."), "monitor"),
}


def empty_map() -> dict[str, Any]:
    return _bare((("First stage", StageKind.AWARENESS),))


def map_of_set(key: str) -> dict[str, Any]:
    """Raises KeyError."""
    return _bare({one.key: one for one in SETS}[key].stages)


def _bare(stages: tuple[tuple[str, StageKind], ...]) -> dict[str, Any]:
    return {
        "stages": [{"name": name, "kind": kind.value, "steps": []} for name, kind in stages],
        "lanes": [{"kind": kind.value, "name": str(kind.label)} for kind in DEFAULT_LANES],
    }


def templates() -> list[Template]:
    return [template(key) for key in _TEMPLATES]


def template(key: str) -> Template:
    """Yours to change. Raises KeyError."""
    name, text, icon = _TEMPLATES[key]
    data = copy.deepcopy(_read(key))
    return Template(key, name, text, icon, data["persona"], tuple(data["touchpoints"]), data["map"])


@cache
def _read(key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{key}.json").read_text("utf-8"))
    return found
