"""E-mail by the API of a provider, through django-anymail, which knows how each wants it; what it says to them goes out
by core.outgoing, so that one total deadline holds."""

from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from http import HTTPStatus
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from apps.campaigns.channels import Outcome, Outgoing, Result
from apps.core import mail_urls
from apps.core import outgoing as http

_OURS = {401, 402, 403, 404, 408}  # the key, the bill or the name of the domain: the next mail would fare no better
_NOT_SENT = {"invalid", "rejected", "failed"}
# What boto3 calls a call that may have been received.
_MAYBE = {"ReadTimeoutError", "ConnectionClosedError", "ResponseStreamingError"}


class Esp:
    """`url` is EMAIL_URL, such as anymail+postmark://SERVER_TOKEN@. A session a mail: threads share nothing."""

    def __init__(self, url: str) -> None:
        self.name = mail_urls.name_of(url)[:20]
        path, self._options = mail_urls.provider(url)
        try:
            self._backend: type[BaseEmailBackend] = import_string(path)
        except ImportError as error:  # anymail says which package is missing
            raise ImproperlyConfigured(f"EMAIL_URL names {self.name!r}, which cannot be used: {error}") from error

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        try:
            mail = build(outgoing)
        except (ValueError, MessageError) as error:  # such as an address that no header can hold
            return Result(Outcome.PERMANENT, f"cannot be written as a mail: {error}"[:300])
        try:
            self._hand_over(mail, outgoing.identity, deadline_seconds)
        except http.NoAnswer as error:
            return Result(Outcome.UNKNOWN, str(error), is_ours=True)
        except http.OutgoingError as error:  # Refused too: the address is our own setting, for an admin to mend
            return Result(Outcome.RETRY, str(error), is_ours=True)
        except AnymailAPIError as error:
            return _judge(error)
        except (AnymailError, ValueError, TypeError) as error:  # recipients refused, no address, not supported
            return Result(Outcome.PERMANENT, _said(error))
        return _sent(mail)

    def _hand_over(self, mail: EmailMultiAlternatives, identity: str, seconds: float) -> None:
        backend: Any = self._backend(**self._options)
        backend.open()
        try:
            if isinstance(session := getattr(backend, "session", None), requests.Session):
                session.trust_env = False
                session.headers["Idempotency-Key"] = identity  # of providers that know it
                session.mount("https://", _Adapter(seconds))
                session.mount("http://", _Adapter(seconds))
            backend.send_messages([mail])
        finally:
            backend.close()


class _Adapter(BaseAdapter):
    """requests speaks through core.outgoing."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        answer = http.post(
            str(request.url),
            body=_bytes(request.body),
            headers={name: _text(value) for name, value in request.headers.items() if name.lower() not in _OWN},
            deadline_seconds=self._seconds,
        )
        return _response(request, answer)

    def close(self) -> None:
        """Each call has a connection of its own."""


_OWN = {"host", "connection", "content-length", "accept-encoding"}  # core.outgoing writes them


def _bytes(body: Any) -> bytes:
    """Anymail gives text or bytes, and never a stream."""
    return body if isinstance(body, bytes) else str(body or "").encode()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _response(request: requests.PreparedRequest, answer: http.Answer) -> requests.Response:
    made = requests.Response()
    made.status_code = answer.status
    made.headers = CaseInsensitiveDict(_without_redirect(answer.headers))
    made.url, made.request, made.encoding = str(request.url), request, "utf-8"
    made.reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
    made._content = answer.body  # noqa: SLF001 - as requests' own adapters fill it
    return made


def _without_redirect(headers: Mapping[str, str]) -> dict[str, str]:
    """Nothing is followed: requests would send the key wherever it is told to."""
    return {name: value for name, value in headers.items() if name != "location"}


def build(outgoing: Outgoing) -> EmailMultiAlternatives:
    """The same headers as by SMTP, and the identity as metadata, which comes back when the provider tells more."""
    if not outgoing.subject.isprintable():
        raise ValueError("the subject holds a line break or a control character")
    domain = outgoing.sender.rpartition("@")[2]
    mail = EmailMultiAlternatives(
        subject=outgoing.subject,
        body=outgoing.text,
        from_email=_address(outgoing.sender_name, outgoing.sender),
        to=[_address(outgoing.recipient_name, outgoing.recipient)],
        headers={
            "Message-ID": f"<{outgoing.identity}@{domain}>",
            "List-Unsubscribe": f"<{outgoing.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative(outgoing.html, "text/html")
    mail.metadata = {"identity": outgoing.identity}  # type: ignore[attr-defined]  # anymail reads it
    return mail


def _address(name: str, spec: str) -> str:
    address = Address(display_name="".join(c for c in name if c.isprintable())[:100], addr_spec=spec)
    if not address.domain:
        raise ValueError("the address has no domain")
    return str(address)


def _sent(mail: EmailMultiAlternatives) -> Result:
    status = mail.anymail_status  # type: ignore[attr-defined]  # set by anymail
    words = set(status.status or ())
    is_refused = getattr(status.esp_response, "status_code", 200) >= 400  # that the address could not be told from
    outcome = Outcome.PERMANENT if is_refused or (words and words <= _NOT_SENT) else Outcome.SENT
    return Result(outcome, ", ".join(sorted(words)), provider_id=str(status.message_id or "")[:200])


def _judge(error: AnymailAPIError) -> Result:
    status = _status(error)
    if status is None:  # boto3, which speaks by itself
        is_maybe = type(error.__cause__).__name__ in _MAYBE
        return Result(Outcome.UNKNOWN if is_maybe else Outcome.RETRY, _said(error), is_ours=True)
    if 200 <= status < 300:
        return Result(Outcome.UNKNOWN, _("The provider took the mail and its answer could not be read."), is_ours=True)
    if status == 429:
        return Result(Outcome.THROTTLED, _said(error), retry_after=_pause(error), is_ours=True)
    if status in http.MAYBE:
        return Result(Outcome.UNKNOWN, _said(error), is_ours=True)
    if status >= 500 or status < 400 or status in _OURS:
        return Result(Outcome.RETRY, _said(error), is_ours=True)
    return Result(Outcome.PERMANENT, _said(error))


def _status(error: AnymailAPIError) -> int | None:
    if error.status_code is not None:
        return int(error.status_code)
    told = getattr(error.__cause__, "response", None)  # boto3's ClientError
    code = told.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(told, dict) else None
    return code if isinstance(code, int) else None


def _pause(error: AnymailAPIError) -> Any:
    headers = getattr(error.response, "headers", None) or {}
    told = http.Answer(429, {name.lower(): value for name, value in headers.items()}, b"")
    return told.retry_after(timezone.now())


def _said(error: Exception) -> str:
    """In one line: anymail quotes the answer over several."""
    return " ".join(str(error).split())[:300] or type(error).__name__
