"""The one client for outgoing HTTP: it connects to exactly the address that it checked, follows nothing, reads little
and ends in time. Checked anew at every call, because what a name means can change between two."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Buffer, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Self

from django.utils.translation import gettext as _

from apps.core import destinations
from apps.core.destinations import NotReached, OutgoingError, Place, Refused, Resolver

MOST_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0
LONGEST_PAUSE = timedelta(hours=24)
_CHUNK = 16 * 1024

__all__ = ["Answer", "NoAnswer", "NotReached", "OutgoingError", "Refused", "post"]


class NoAnswer(OutgoingError):
    """It may have been received."""


MAYBE = frozenset({502, 504})  # a gateway's: what stands behind it may have done it


@dataclass(frozen=True)
class Answer:
    """Names of headers are in small letters. `body` ends at 64 KB, or at the deadline."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after(self, now: datetime) -> timedelta | None:
        """The pause it asks for, in seconds or by a date; at most a day. None when it asks for none."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdecimal():
            return min(timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
        try:
            at = parsedate_to_datetime(text)
            pause = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return None
        return min(max(pause, timedelta(0)), LONGEST_PAUSE)


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], deadline_seconds: float, resolve: Resolver | None = None
) -> Answer:
    """Raises Refused (we do not call this address), NotReached (nothing was handed over) or NoAnswer (it may have been
    received). A redirect is an answer like any other. All within `deadline_seconds`, however slowly it drips."""
    until = time.monotonic() + deadline_seconds
    place = destinations.read(url)
    _check_headers(headers)
    addresses = destinations.find(place, seconds=deadline_seconds, resolve=resolve)
    with _connected(place, addresses, until) as line:
        return _ask(line, place, body, headers)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not (name.isascii() and name.replace("-", "").isalnum() and value.isascii() and value.isprintable()):
            raise Refused(_("A header holds signs that none may hold."))


class _Line:
    """A socket on which each wait lasts no longer than what is left of the whole; http.client speaks through it."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until

    def hurried(self) -> socket.socket:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(left)
        return self._sock

    def sendall(self, data: Buffer) -> None:
        view = memoryview(data)
        while view:
            view = view[self.hurried().send(view) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """http.client closes before it reads."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._sock.close()


class _Reader(io.RawIOBase):
    def __init__(self, line: _Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        return self._line.hurried().recv_into(memoryview(buffer))


def _connected(place: Place, addresses: list[str], until: float) -> _Line:
    failed: Exception | None = None
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return _Line(_open(place, address, min(left, CONNECT_SECONDS)), until)
        except OSError as error:  # of TLS too
            failed = error
    raise NotReached(_("The host did not take the connection.")) from failed


def _open(place: Place, address: str, seconds: float) -> socket.socket:
    """To this address and no other; the name counts for the certificate."""
    sock = socket.create_connection((address, place.port), timeout=seconds)
    if place.scheme == "http":
        return sock
    try:
        return trust().wrap_socket(sock, server_hostname=place.host)
    except BaseException:
        sock.close()
        raise


@cache
def trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _ask(line: _Line, place: Place, body: bytes, headers: Mapping[str, str]) -> Answer:
    asking = http.client.HTTPConnection(place.host, place.port)
    asking.sock = line
    said = {**headers, "Host": place.netloc, "Connection": "close", "Content-Length": str(len(body))}
    try:
        asking.request("POST", place.target, body=body, headers=said)
        answer = asking.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(_("The host took the call and did not answer it.")) from error
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, told, _read(answer))


def _read(answer: http.client.HTTPResponse) -> bytes:
    """As much as comes in time: what the status says is known already."""
    body = b""
    try:
        while len(body) < MOST_BYTES and (piece := answer.read1(min(_CHUNK, MOST_BYTES - len(body)))):
            body += piece
    except (OSError, http.client.HTTPException, ValueError):
        pass
    return body
