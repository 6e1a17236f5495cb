from dataclasses import dataclass, field
from typing import Any

MOST_SUBJECT = 500


class ContentError(ValueError):
    """The content of a step cannot be sent; says what to mend, the name of the field first."""


@dataclass(frozen=True)
class Content:
    """`html` is empty where the channel knows text alone. `payload`: what a webhook or a note on the web site is
    told."""

    subject: str
    text: str
    html: str
    unsubscribe_url: str
    variant: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
