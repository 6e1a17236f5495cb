"""A message as a channel gets it."""

from typing import Any

from apps.campaigns.channels import Outgoing


def outgoing(**more: Any) -> Outgoing:
    values = {
        "identity": "id-1",
        "sender_name": "Shöp",
        "sender": "shop@example.com",
        "recipient": "ann@mail.example",
        "recipient_name": "Ann Price",
        "subject": "Thank you, Ann",
        "text": "Thank you for your order.",
        "html": "<p>Thank you for your order.</p>",
        "unsubscribe_url": "https://milepost.example/u/token",
        "payload": {"type": "order.completed", "timestamp": "2026-03-02T12:00:00Z", "data": {"name": "Bo Líf"}},
    }
    return Outgoing(**(values | more))
