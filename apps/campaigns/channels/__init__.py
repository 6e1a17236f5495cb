"""Ways out: one module a way. A channel sends one message within a deadline and says what became of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol


class Outcome(Enum):
    SENT = "sent"
    RETRY = "retry"  # not accepted now
    THROTTLED = "throttled"  # not accepted now, and neither would be the others: see Result.retry_after
    PERMANENT = "permanent"  # refused for good
    UNKNOWN = "unknown"  # may have been accepted


@dataclass(frozen=True)
class Result:
    """`provider_id`: by what the provider names the message when it tells of it later. `is_ours`: the trouble is with
    the provider as a whole and not with this message, so that the circuit breaker counts it."""

    outcome: Outcome
    detail: str = ""
    retry_after: timedelta | None = None
    provider_id: str = ""
    is_ours: bool = False


@dataclass(frozen=True)
class Outgoing:
    """What a channel needs of a message. `identity` is equal on every attempt. `payload`: what a webhook tells."""

    identity: str
    sender_name: str
    sender: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str
    payload: dict[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """`name` is the provider: its circuit breaker and its rate have a row of that name."""

    name: str

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result: ...
