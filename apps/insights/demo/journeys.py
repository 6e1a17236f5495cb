"""The two maps, in the JSON of interface.md."""

from datetime import datetime
from typing import Any

from apps.insights.demo.cards import STORE_CARDS, WEB_SHOP_CARDS, StepCards
from apps.insights.demo.improvements import known
from apps.journeys import wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Journey
from apps.staff.models import User

WEB_SHOP, STORE = "Web shop", "Store and service"
CONSIDERATION, PURCHASE, DELIVERY, LOYALTY, SERVICE = "Consideration", "Purchase", "Delivery", "Loyalty", "Service"

LANES = [
    {"kind": "actions", "name": "What they do"},
    {"kind": "touchpoints", "name": "Where we meet"},
    {"kind": "thoughts", "name": "What they think"},
    {"kind": "pain", "name": "Pain points"},
    {"kind": "opportunity", "name": "Opportunities"},
    {"kind": "backstage", "name": "Behind the scenes"},
    {"kind": "kpi", "name": "What we measure"},
]


def _step(name: str, emotion: float, feeling: str, *match: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return {"name": name, "emotion": emotion, "feeling": feeling, "optional": optional, "match": list(match)}


def _pages(*categories: str) -> dict[str, Any]:
    return {"event": "Page Viewed", "where": [["properties.category", "in", list(categories)]]}


def _answered(kind: str, *more: list[Any]) -> dict[str, Any]:
    return {"event": "Survey Answered", "where": [["properties.kind", "=", kind], *more]}


_STAGES = [
    {
        "name": "Awareness",
        "kind": "awareness",
        "expected_days": 7,
        "steps": [
            _step("Finds the shop", 0.6, "curious", _pages("landing", "guide")),
            _step("Looks around", 0.9, "inspired", _pages("category")),
        ],
    },
    {
        "name": CONSIDERATION,
        "kind": "consideration",
        "expected_days": 5,
        "steps": [
            _step("Looks at a product", 1.3, "tempted", {"event": "Product Viewed"}),
            _step(
                "Checks size and fit",
                -1.2,
                "unsure",
                {"event": "Size Guide Opened"},
                {"event": "Fit Details Viewed"},
                {"event": "Question Asked"},
            ),
            _step("Fills the cart", 0.8, "decided", {"event": "Product Added"}, {"event": "Cart Viewed"}),
        ],
    },
    {
        "name": "Checkout",
        "kind": "purchase",
        "expected_days": 1,
        "steps": [
            _step("Starts checkout", 0.2, "impatient", {"event": "Checkout Started"}),
            _step("Pays", -1.6, "anxious", {"event": "Payment Info Entered"}),
        ],
    },
    {
        "name": PURCHASE,
        "kind": "purchase",
        "expected_days": 5,
        "steps": [
            _step("Places the order", 1.1, "relieved", {"event": "Order Completed"}),
            _step("Waits for the parcel", -0.2, "expectant", {"event": "Order Shipped", "by": "company"}),
        ],
    },
    {
        "name": DELIVERY,
        "kind": "onboarding",
        "expected_days": 14,
        "steps": [_step("Receives the parcel", 1.4, "delighted", {"event": "Order Delivered", "by": "company"})],
    },
    {
        "name": "Use",
        "kind": "use",
        "expected_days": 45,
        "steps": [
            _step(
                "Lives with it",
                0.7,
                "content",
                {"event": "Care Guide Opened"},
                {"event": "Return Requested"},
                {"event": "Review Link Opened"},
                _answered("csat"),
            )
        ],
    },
    {
        "name": LOYALTY,
        "kind": "loyalty",
        "steps": [
            _step("Buys again", 1.5, "confident", {"event": "Order Completed", "nth": 2}),
            _step(
                "Recommends us",
                1.8,
                "proud",
                {"event": "Friend Invited"},
                _answered("nps", ["properties.score", ">=", 9]),
                optional=True,
            ),
        ],
    },
]

_STORE_STAGES = [
    {
        "name": "Visit",
        "kind": "awareness",
        "expected_days": 14,
        "steps": [_step("Comes into the store", 0.9, "open", {"event": "Store visit"})],
    },
    {
        "name": "Advice",
        "kind": "consideration",
        "expected_days": 14,
        "steps": [_step("Has the feet measured", 1.5, "understood", {"event": "Shoe Fitting"})],
    },
    {
        "name": "Buying",
        "kind": "purchase",
        "expected_days": 60,
        "steps": [_step("Buys at the till", 1.2, "pleased", {"event": "Store Purchase"})],
    },
    {
        "name": SERVICE,
        "kind": "retention",
        "expected_days": 30,
        "steps": [
            _step("Calls the support line", -0.9, "annoyed", {"event": "Call", "channel": "phone"}),
            _step("Has something repaired", 0.4, "hopeful", {"event": "Repair Requested"}, optional=True),
        ],
    },
]


def web_shop(now: datetime) -> dict[str, Any]:
    return {
        "name": WEB_SHOP,
        "persona": "Weekend hiker",
        "goal": "The right size at the first try, at the door before the weekend",
        "lapse_after_days": 60,
        "new_lap_after_days": 90,
        "stages": _STAGES,
        "lanes": LANES,
        "cards": _cards(WEB_SHOP_CARDS, now),
    }


def store(now: datetime) -> dict[str, Any]:
    return {
        "name": STORE,
        "persona": "Trail runner",
        "goal": "Advice that saves a return, help that needs one call",
        "lapse_after_days": 90,
        "stages": _STORE_STAGES,
        "lanes": LANES,
        "cards": _cards(STORE_CARDS, now),
    }


def _cards(rows: list[StepCards], now: datetime) -> list[dict[str, Any]]:
    found = []
    for step, cells in rows:
        for lane, cell in zip(LANES, cells, strict=True):
            if isinstance(cell, tuple):
                pain: dict[str, Any] = {"step": step, "lane": lane["name"], "text": cell[0], "severity": cell[1]}
                found.append(pain | known(cell[0], now=now))
            elif cell:
                found.append({"step": step, "lane": lane["name"], "text": cell} | known(cell, now=now))
    return found


def publish(*, now: datetime, at: datetime, by: User) -> Journey:
    """The journey of the web shop; the smaller one beside it. Published `at`, with days counted from `now`."""
    made = [drafts.import_text(text=wire.read(text)) for text in (web_shop(now), store(now))]
    for journey in made:
        publishing.publish(journey=journey, now=at, by=by)
    return made[0]
