"""Ways out: one module a channel. A channel sends one message within a deadline and says what became of it."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Outcome(Enum):
    SENT = "sent"
    RETRY = "retry"  # not accepted now
    PERMANENT = "permanent"  # refused for good
    UNKNOWN = "unknown"  # may have been accepted


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Outgoing:
    """What a channel needs of a message. `identity` is equal on every attempt."""

    identity: str
    sender_name: str
    sender: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str


class Channel(Protocol):
    name: str

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result: ...
