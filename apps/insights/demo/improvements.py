"""What is known of the pain points and opportunities of the two maps, by the text of the card."""

from datetime import datetime, timedelta
from typing import Any

ADMIN, MARKETER, AGENT = "admin@fernhill.example", "marketer@fernhill.example", "agent@fernhill.example"

type Known = dict[str, Any]


def _pain(frequency: str, status: str, owner: str = "", due: int | None = None, **more: Any) -> Known:
    """`due`: days from now."""
    return {"frequency": frequency, "status": status, "owner": owner, "due": due, **more}


def _idea(effort: int, impact: int, status: str = "open", owner: str = "", due: int | None = None) -> Known:
    return {"effort": effort, "impact": impact, "status": status, "owner": owner, "due": due}


def _by(evidence: str, n: int, note: str = "") -> Known:
    return {"evidence": evidence, "evidence_n": n, "evidence_note": note}


_KNOWN: dict[str, Known] = {
    "Filters forget themselves when going back": _pain("some", "open", **_by("usability_test", 8)),
    "Reviews do not say what size the writer wears": _pain("many", "planned", MARKETER, 25, **_by("interview", 12)),
    "Size guide and product page name different sizes for the same foot": _pain(
        "many", "doing", MARKETER, 9, **_by("call_log", 46, "Calls and chats on sizes, last half year")
    ),
    "The cart is empty on the other device": _pain(
        "some", "solved", ADMIN, solved=33, **_by("live", 310, "Carts of two devices with one customer")
    ),
    "House number in a field of its own is missed on small screens": _pain(
        "few", "planned", ADMIN, 18, **_by("usability_test", 8)
    ),
    "On the phone the pay button does not respond": _pain(
        "some", "doing", ADMIN, -3, **_by("live", 96, "Payments begun and not ended on the phone")
    ),
    "Two parcels for one order, one notice": _pain("some", "open", AGENT, 30, **_by("call_log", 21)),
    "Return label missing in some parcels": _pain("few", "solved", AGENT, solved=12, **_by("call_log", 17)),
    "Refunds take up to three weeks": _pain("some", "open", AGENT, -10, **_by("survey", 64, "Comments of CSAT")),
    "The shop does not remember the size that fitted": {"status": "open", "evidence": "assumption"},
    "Sizes shown online are not in the store": _pain("some", "open", MARKETER, 40, **_by("field_study", 15)),
    "Club card has to be typed in": _pain("all", "planned", AGENT, 21, **_by("field_study", 15)),
    "Calls are not seen by the chat team": _pain("many", "doing", AGENT, 5, **_by("call_log", 38)),
    "No message when it is ready": {"status": "open", "owner": AGENT},
    "Show who is behind the shop: people, repair bench, store": _idea(2, 2),
    "Three questions that lead to three products": _idea(3, 4, "planned", MARKETER, 50),
    "Ask for height, weight and usual size with each review": _idea(2, 4, "planned", MARKETER, 25),
    "One guide in millimetres, and “fits smaller than usual” where returns say so": _idea(3, 5, "doing", MARKETER, 20),
    "Keep the cart with the customer, not with the browser": _idea(3, 4, "solved", ADMIN),
    "Fill in the address from the postcode": _idea(1, 3, "open", ADMIN),
    "Say what happened, keep the cart, offer another way to pay": _idea(4, 5, "planned", ADMIN, 45),
    "Say in the confirmation what to do when the size is wrong": _idea(1, 4, "planned", MARKETER, 7),
    "One notice a day with a window of two hours": _idea(4, 3),
    "A card: how boots should sit, and how to exchange in two minutes": _idea(2, 3, "open", AGENT),
    "Refund as soon as the parcel is scanned": _idea(5, 4, "open", ADMIN),
    "“You wore 42.5 in this model”": _idea(2, 3),
    "Lend a pair to a friend of a customer": _idea(4, 2, "dropped"),
    "Reserve online, try on here": _idea(5, 5, "open", MARKETER),
    "Keep the measures with the customer, for the web shop too": _idea(3, 5),
    "Receipt by e-mail instead of paper": _idea(2, 2, "open", AGENT),
    "One history for all who answer": _idea(5, 2),
}


def known(text: str, *, now: datetime) -> Known:
    """In the JSON of interface.md; empty when nothing more is known of the card."""
    found = {name: value for name, value in _KNOWN.get(text, {}).items() if value not in {None, ""}}
    due, solved = found.pop("due", None), found.pop("solved", None)
    if due is not None:
        found["due_on"] = (now + timedelta(days=due)).date().isoformat()
    if found.get("status") == "solved":
        found["solved_at"] = (now - timedelta(days=solved or 30)).isoformat()
    return found
