"""The campaigns of the demo company, in the JSON of interface.md."""

from datetime import datetime
from typing import Any

from apps.campaigns import wire
from apps.campaigns.actions import campaigns
from apps.campaigns.models import Campaign
from apps.insights.demo import company, journeys

THANKS, DELIVERY, CART = "Thank you", "How was delivery?", "Stuck in the cart"
LOYAL, HELP = "NPS after two orders", "Was our help easy?"

_RETURNED = {
    "any": [
        {"did": {"event": "Return Requested", "within_days": 30}},
        {"did": {"event": "Order Refunded", "within_days": 30}},
    ]
}
_TEXTS: list[dict[str, Any]] = [
    {
        "name": THANKS,
        "journey": journeys.WEB_SHOP,
        "trigger": {"on": "stage_entered", "stage": journeys.PURCHASE},
        "reentry": "every_time",
        "max_lateness_hours": 24,
        "steps": [
            {
                "message": {
                    "channel": "email",
                    "topic": "service",
                    "subject": "Thank you, {{ customer.first_name | default: 'dear customer' }}",
                    "body": "Hello {{ customer.first_name | default: 'and thank you' }},\n\n"
                    "your order is with our colleagues in the warehouse. You will hear from us again when the parcel "
                    "leaves the house, usually tomorrow afternoon.\n\n"
                    "If the size should not be right: try it on at home, on a carpet, in the socks you will wear. "
                    "You can exchange it for 60 days.\n\nIt was a pleasure.\nAmara and the team of Fernhill Outdoor",
                }
            },
            {"wait": {"days": 3, "until": "10:00"}},
            {
                "review_request": {
                    "sites": [name for name, _url in company.REVIEW_SITES],
                    "channel": "email",
                    "subject": "Would you tell other walkers about it?",
                }
            },
        ],
        "exit": _RETURNED,
        "goal": {"rule": {"did": {"event": "Review Link Opened"}}, "within_days": 30},
    },
    {
        "name": DELIVERY,
        "journey": journeys.WEB_SHOP,
        "trigger": {"on": "stage_entered", "stage": journeys.DELIVERY},
        "reentry": "every_time",
        "steps": [
            {"wait": {"days": 2}},
            {"survey": {"survey": company.CSAT, "channel": "email", "subject": "Has everything arrived well?"}},
        ],
    },
    {
        "name": CART,
        "journey": journeys.WEB_SHOP,
        "trigger": {"on": "overdue", "stage": journeys.CONSIDERATION},
        "audience": {"all": [{"did": {"event": "Product Added", "within_days": 14}}]},
        "reentry": "cool_down_days:30",
        "max_lateness_hours": 48,
        "steps": [
            {
                "message": {
                    "channel": "email",
                    "topic": "news",
                    "subject": "Your cart is still here",
                    "body": "Hello {{ customer.first_name | default: '' }},\n\n"
                    "you were about to decide, and then life came in between. Your cart is as you left it.\n\n"
                    "Not sure about the size? Call us, we measure together: +49 30 23125 100, 9 to 18.\n\n"
                    "Fernhill Outdoor",
                }
            }
        ],
        "exit": {"any": [{"did": {"event": "Order Completed"}}]},
        "goal": {"rule": {"did": {"event": "Order Completed"}}, "within_days": 7},
    },
    {
        "name": LOYAL,
        "journey": journeys.WEB_SHOP,
        "trigger": {"on": "stage_entered", "stage": journeys.LOYALTY},
        "audience": {"all": [{"did": {"event": "Order Completed", "at_least": 2}}]},
        "reentry": "cool_down_days:90",
        "steps": [
            {"wait": {"days": 1, "until": "17:00"}},
            {"survey": {"survey": company.NPS, "channel": "email", "subject": "One question, ten seconds"}},
        ],
    },
    {
        "name": HELP,
        "journey": journeys.STORE,
        "trigger": {"on": "stage_entered", "stage": journeys.SERVICE},
        "reentry": "cool_down_days:14",
        "steps": [
            {"wait": {"hours": 1}},
            {"survey": {"survey": company.CES, "channel": "email", "subject": "Could we help you?"}},
        ],
    },
]


def start(*, now: datetime) -> list[Campaign]:
    made = [campaigns.import_text(text=wire.read(text)) for text in _TEXTS]
    for campaign in made:
        campaigns.activate(campaign=campaign, include_present=False, now=now)
    return made
