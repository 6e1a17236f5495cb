"""Calls of other systems, signed by Standard Webhooks, and messages to chat rooms. A receiver that keeps the ids it has
seen takes nothing twice: the id is equal on every attempt."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.channels import Outcome, Outgoing, Result
from apps.core import outgoing as http

MOST_CHAT = 10_000
_SECRET = "whsec_"  # noqa: S105 - how every secret begins
_LEAST_KEY = 16
_OF_THE_WHOLE = {401, 403, 408}
_TYPE = "campaign.webhook"


@dataclass(frozen=True)
class Gone(Result):
    """410: whoever is called asks to be called no more. The caller stops the endpoint."""


class Webhook:
    """`shape` is one of EndpointShape; `name` tells the endpoints apart, as each has a circuit breaker of its own."""

    def __init__(self, *, url: str, shape: str, secrets: list[str], name: str = "webhook") -> None:
        self.name = name
        self._url = url
        self._shape = shape
        self._secrets = secrets

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        try:
            answer = self.call(outgoing, deadline_seconds=deadline_seconds)
        except http.Refused as error:
            return Result(Outcome.PERMANENT, str(error))
        except http.NotReached as error:
            return Result(Outcome.RETRY, str(error), is_ours=True)
        except http.NoAnswer as error:
            return Result(Outcome.UNKNOWN, str(error), is_ours=True)
        except ValueError as error:  # a text or a secret that cannot be written
            return Result(Outcome.PERMANENT, f"cannot be written as a call: {error}"[:300])
        return judge(answer, now=timezone.now())

    def call(self, outgoing: Outgoing, *, deadline_seconds: float) -> http.Answer:
        """Raises what core.outgoing.post raises."""
        body = json.dumps(self._body(outgoing), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Milepost"}
        if self._shape == "standard":
            headers |= signed(self._secrets, identity=outgoing.identity, at=int(time.time()), body=body)
        return http.post(self._url, body=body, headers=headers, deadline_seconds=deadline_seconds)

    def _body(self, outgoing: Outgoing) -> dict[str, Any]:
        if self._shape == "slack":
            return _slack(_said(outgoing))
        if self._shape == "teams":
            return _teams(_said(outgoing))
        told = outgoing.payload
        return {
            "type": told.get("type") or _TYPE,
            "timestamp": told.get("timestamp") or timezone.now().isoformat(),
            "data": told.get("data", {}),
        }


def signed(secrets: list[str], *, identity: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks; one signature a secret, as the specification says for a change of it."""
    told = b".".join((identity.encode(), str(at).encode(), body))
    marks = [base64.b64encode(hmac.digest(_key(secret), told, hashlib.sha256)).decode() for secret in secrets]
    signature = " ".join(f"v1,{mark}" for mark in marks)
    return {"webhook-id": identity, "webhook-timestamp": str(at), "webhook-signature": signature}


def _key(secret: str) -> bytes:
    key = base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    if len(key) < _LEAST_KEY:
        raise ValueError("the secret of the endpoint is too short")
    return key


def _said(outgoing: Outgoing) -> str:
    """What a chat room reads; a text that was cut says so."""
    text = outgoing.text or outgoing.subject or str(outgoing.payload.get("type") or _TYPE)
    return text if len(text) <= MOST_CHAT else f"{text[: MOST_CHAT - 1]}…"


def _slack(text: str) -> dict[str, Any]:
    """Escaped, so that what customers typed calls nobody (<!channel>) and hides no address behind a word."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": plain}


def _teams(text: str) -> dict[str, Any]:
    """Runs of text: a TextBlock would read what customers typed as Markdown."""
    lines = [line for line in text.splitlines() if line.strip()] or [text]
    blocks = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]} for line in lines]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def judge(answer: http.Answer, *, now: datetime) -> Result:
    """What an answer means. Its body is never told: it is of somebody else."""
    status = answer.status
    said = _("It answered %(status)s.") % {"status": status}
    if 200 <= status < 300:
        return Result(Outcome.SENT, said)
    pause = answer.retry_after(now)
    if status == 429 or (status == 503 and pause is not None):
        return Result(Outcome.THROTTLED, said, retry_after=pause, is_ours=True)
    if status == 408 or status >= 500:
        return Result(Outcome.RETRY, said, is_ours=True)
    if status == 410:
        return Gone(Outcome.PERMANENT, _("It answered 410: it does not want to be called any more."))
    if 300 <= status < 400:
        said = _("It answered %(status)s: redirects are not followed.") % {"status": status}
    return Result(Outcome.PERMANENT, said, is_ours=status in _OF_THE_WHOLE)
