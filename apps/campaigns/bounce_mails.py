"""Reads the mails by which mail servers say that a message did not arrive, or that its reader calls it spam. Anybody
can write such a mail; only the identity of our message proves that it knows the message."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail

from flufl.bounce import all_failures

from apps.campaigns.bounce_policy import kind_of
from apps.campaigns.enums import BounceKind

MOST_BYTES = 1024 * 1024
_MOST_PARTS = 50
_IDENTITY = re.compile(r"<([0-9a-f]{32})@[^<>\s]{1,255}>")
_ADDRESS = re.compile(
    r"^(?:to|original-recipient|final-recipient|original-rcpt-to)\s*:[^\n]*?([^\s<>;,:\"]{1,200}@[^\s<>;,\"]{1,255})",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = re.compile(r"^(?:diagnostic-code|status)\s*:\s*([^\n]{1,300})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class BounceMail:
    """`identities`: of the messages of ours that it names. `kind` none: it is no bounce."""

    identities: list[str]
    addresses: list[str]
    kind: BounceKind | None
    is_complaint: bool
    detail: str


def read(raw: bytes) -> BounceMail:
    """Whatever it is: nothing that somebody sends here raises."""
    try:
        mail = message_from_bytes(raw[:MOST_BYTES])
        parts = _texts(mail)
        failed = _failed(mail)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        mail, parts, failed = Mail(), [], []
    text = "\n".join(parts).replace("\x00", "").encode("utf-8", "replace").decode()
    said = _SAID.findall(text)
    detail = " · ".join(said[:3])
    is_complaint = any(part.get_content_type() == "message/feedback-report" for part in _walk(mail))
    addresses = [*failed, *(found.strip("<>").lower() for found in _ADDRESS.findall(text))]
    return BounceMail(
        identities=list(dict.fromkeys(_IDENTITY.findall(text)))[:5],
        addresses=list(dict.fromkeys(addresses))[:10],
        kind=kind_of(detail or text) if failed else None,
        is_complaint=is_complaint,
        detail=detail or "no reason was given",
    )


def _failed(mail: Mail) -> list[str]:
    """For good, as far as the mail says; what is only late may still arrive. flufl's readers of other people's texts
    raise what they like."""
    try:
        _late, gone = all_failures(mail)
    except Exception:  # noqa: BLE001 - see above
        return []
    return [address.decode("utf-8", "replace").lower()[:320] for address in sorted(gone)]


def _texts(mail: Mail) -> list[str]:
    """Headers and texts of all its parts, the returned message among them."""
    found = []
    for part in _walk(mail):
        found.append("".join(f"{name}: {value}\n" for name, value in part.items()))
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and part.get_content_maintype() in {"text", "message"}:
            found.append(payload.decode("utf-8", "replace"))
    return found


def _walk(mail: Mail) -> Iterator[Mail]:
    for number, part in enumerate(mail.walk()):
        if number >= _MOST_PARTS:
            return
        yield part
