"""What every receiver of the fault tests remembers: which message it accepted, for whom, and when."""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_SECONDS = 0.01 if os.environ.get("FAULTS") == "long" else 0.02


@dataclass(frozen=True)
class Mail:
    """Also an SMS or a call. `identity`: what is equal on every attempt."""

    recipient: str
    identity: str
    accepted_at: float  # time.monotonic()


@dataclass
class Sink:
    """`takes` says how many seconds pass between a message's last byte and the answer, as with real providers: the
    window in which nobody can know what became of a message whose sender is killed. `answers` says how it answers: ""
    is yes, "drop" hangs up after the last byte, all else is what a receiver of its kind says."""

    takes: Callable[[str], float] = lambda _recipient: random.uniform(0, MOST_SECONDS)
    answers: Callable[[str], str] = lambda _recipient: ""
    mails: list[Mail] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._arrived = threading.Condition()

    def wait_for(self, count: int, *, seconds: float) -> None:
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.mails) >= count, timeout=seconds)
        assert came, f"{len(self.mails)} messages came, not {count}"

    def keep(self, recipient: str, identity: str) -> None:
        with self._arrived:
            self.mails.append(Mail(recipient, identity, time.monotonic()))
            self._arrived.notify_all()
