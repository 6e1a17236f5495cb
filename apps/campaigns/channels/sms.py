"""SMS by Twilio's HTTP, which other providers speak too."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.channels import Outcome, Outgoing, Result
from apps.core import outgoing as http

HOST = "api.twilio.com"


@dataclass(frozen=True)
class Code:
    """What an error of Twilio's means for the message. `is_ours`: the account or the sender is at fault, so that other
    messages would fail too. `is_opt_out` and `is_dead` are about the number: it said stop, or nobody can be reached."""

    outcome: Outcome
    is_ours: bool = False
    is_opt_out: bool = False
    is_dead: bool = False


_RETRY, _OURS = Code(Outcome.RETRY), Code(Outcome.RETRY, is_ours=True)
_SLOWER = Code(Outcome.THROTTLED, is_ours=True)
_NO, _DEAD = Code(Outcome.PERMANENT), Code(Outcome.PERMANENT, is_dead=True)
_STOP, _WHO_KNOWS = Code(Outcome.PERMANENT, is_opt_out=True), Code(Outcome.UNKNOWN)
_LOST = Code(Outcome.UNKNOWN, is_ours=True)

CODES: dict[int, Code] = {
    11200: _OURS,  # our own address did not answer them
    14107: _SLOWER,  # messages a second
    20003: _OURS,  # SID or token
    20005: _OURS,  # account not active
    20404: _OURS,  # no such account
    20429: _SLOWER,  # too many requests
    20500: _OURS,  # trouble at the provider
    20503: _OURS,
    21211: _DEAD,  # no valid number
    21212: _OURS,  # our sender is no valid number
    21214: _DEAD,  # cannot be reached
    21217: _DEAD,  # no valid number
    21408: _NO,  # the account may not write to this country
    21602: _NO,  # no text
    21603: _OURS,  # no sender
    21604: _NO,  # no recipient
    21606: _OURS,  # our sender cannot send SMS
    21608: _NO,  # a trial account writes to its own numbers only
    21609: _OURS,  # StatusCallback
    21610: _STOP,  # said STOP
    21611: _SLOWER,  # the sender's queue is full
    21612: _NO,  # no way from this sender to this number
    21614: _DEAD,  # no mobile number
    21617: _NO,  # too long
    21619: _NO,  # no text
    21703: _OURS,  # the messaging service has no number
    21705: _OURS,  # no such messaging service
    30001: _SLOWER,  # queue overflow
    30002: _OURS,  # account suspended
    30003: _RETRY,  # switched off or out of reach
    30004: _NO,  # blocked by the carrier or the phone
    30005: _DEAD,  # number unknown or no longer used
    30006: _DEAD,  # landline, or a carrier that cannot be reached
    30007: _NO,  # filtered as spam
    30008: _WHO_KNOWS,  # unknown error
    30009: _WHO_KNOWS,  # a segment is missing
    30010: _NO,  # dearer than the account allows
    30017: _RETRY,  # the carrier is congested
    30022: _SLOWER,  # the carrier's rate for this sender
    30023: _SLOWER,  # the carrier's daily limit
    30024: _OURS,  # sender not registered
    30032: _OURS,  # toll-free number not verified
    30034: _OURS,  # number not registered for the US
    30410: _WHO_KNOWS,  # the carrier did not answer in time
}


class Twilio:
    """`url` is SMS_URL: twilio://SID:TOKEN@host[:port]/?from=%2B49… or &service=MG…; &callback=https://… is told what
    becomes of each message; &insecure=1 speaks http, to hosts of OUTGOING_ALLOWED_HOSTS. It knows no idempotency key,
    so a message of unknown outcome that is repeated may arrive twice."""

    name = "twilio"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.scheme != "twilio" or not parts.username or not (options.get("from") or options.get("service")):
            raise ImproperlyConfigured("SMS_URL must be twilio://SID:TOKEN@host/?from=%2B49… or &service=MG…")
        login = (unquote(parts.username), unquote(parts.password or ""))
        self._options = options
        self._login = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        scheme = "http" if options.get("insecure") == "1" else "https"
        place = f"{parts.hostname or HOST}:{parts.port}" if parts.port else (parts.hostname or HOST)
        self._url = f"{scheme}://{place}/2010-04-01/Accounts/{quote(login[0], safe='')}/Messages.json"

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        headers = {
            "Authorization": self._login,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Idempotency-Key": outgoing.identity,  # of providers that speak Twilio's language and know more
        }
        try:
            body = urlencode(self._form(outgoing)).encode()
            answer = http.post(self._url, body=body, headers=headers, deadline_seconds=deadline_seconds)
        except (http.Refused, http.NotReached) as error:  # who refuses is our own setting: it is for an admin to mend
            return Result(Outcome.RETRY, str(error), is_ours=True)
        except http.NoAnswer as error:
            return Result(Outcome.UNKNOWN, str(error), is_ours=True)
        except ValueError as error:  # half a character
            return Result(Outcome.PERMANENT, f"cannot be written as an SMS: {error}"[:300])
        return judge(answer)

    def _form(self, outgoing: Outgoing) -> dict[str, str]:
        form = {"To": outgoing.recipient, "Body": outgoing.text}
        if service := self._options.get("service"):
            form["MessagingServiceSid"] = service
        else:
            form["From"] = self._options["from"]
        if callback := self._options.get("callback"):
            form["StatusCallback"] = callback
        return form


def judge(answer: http.Answer) -> Result:
    said = _read(answer.body)
    if 200 <= answer.status < 300:
        if sid := said.get("sid"):
            return Result(Outcome.SENT, str(said.get("status") or "")[:300], provider_id=str(sid)[:200])
        return Result(Outcome.UNKNOWN, _("The provider took the message and gave it no id."), is_ours=True)
    code = _code(said, answer.status)
    detail = _("The provider answered %(status)s") % {"status": answer.status}
    detail = f"{detail}: {said.get('code', '')} {said.get('message', '')}"[:300].strip(": ")
    pause = answer.retry_after(timezone.now()) if code.outcome is Outcome.THROTTLED else None
    return Result(code.outcome, detail, retry_after=pause, is_ours=code.is_ours)


def _code(said: dict[str, Any], status: int) -> Code:
    """Its own code says more than the status, but for who may not sign in and for trouble of the whole."""
    if status == 429:
        return _SLOWER
    if status in http.MAYBE:
        return _LOST
    if status in {401, 403, 408} or status >= 500:
        return _OURS
    code = said.get("code")
    if isinstance(code, int) and code in CODES:
        return CODES[code]
    return _OURS if status == 404 else _NO  # 404: no such account


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
