"""E-mail over SMTP: a connection a thread, kept open; each message within a total deadline."""

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from apps.campaigns.channels import Outcome, Outgoing, Result, mime

CONNECT_SECONDS = 5.0


class _Mail(NamedTuple):
    """Addresses as they go on the wire, which no bracket or line break is in."""

    sender: str
    recipient: str
    wire: bytes


class Smtp:
    """`url` is EMAIL_URL, such as smtp://user:password@host:587; smtps:// and ?tls=1 encrypt."""

    name = "smtp"

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._local = threading.local()

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        try:
            mail = _Mail(mime.address(outgoing.sender), mime.address(outgoing.recipient), mime.build(outgoing))
        except ValueError as error:  # such as an address that no header can hold
            return Result(Outcome.PERMANENT, f"cannot be written as a mail: {error}"[:300])
        until = time.monotonic() + deadline_seconds
        result = self._attempt(mail, until)
        if result is None:  # a connection that had been idle was closed by the server: nothing was handed over
            result = self._attempt(mail, until)
        return result or Result(Outcome.RETRY, "the mail server closed the connection")

    def _attempt(self, mail: _Mail, until: float) -> Result | None:
        """None when a kept connection turned out to be dead before anything was said on it."""
        was_open = getattr(self._local, "connection", None) is not None
        try:
            connection = self._connection()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Result(Outcome.RETRY, _said(error), is_ours=True)
        seconds = until - time.monotonic()
        if seconds <= 0:  # an opt-out waits no longer than the deadline
            return Result(Outcome.RETRY, "the mail server took too long to answer", is_ours=True)
        if connection.sock is not None:  # until now it had the time of connecting
            connection.sock.settimeout(seconds)
        with _watchdog.over(connection, until):
            return self._converse(connection, mail, was_open=was_open)

    def _converse(self, connection: smtplib.SMTP, mail: _Mail, *, was_open: bool) -> Result | None:
        at_data = False
        try:
            no = _ask(connection, mail)
            if no is not None:
                return self._refused(connection, *no)
            at_data = True
            connection.send(_stuffed(mail.wire))
            code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if at_data:
                return Result(Outcome.UNKNOWN, _said(error))
            return None if was_open else Result(Outcome.RETRY, _said(error))
        return Result(Outcome.SENT, _text(text)) if code == 250 else self._refused(connection, code, text)

    def _refused(self, connection: smtplib.SMTP, code: int, text: bytes | str) -> Result:
        if code == 421:
            self._drop()
        else:
            try:
                connection.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()
        outcome = Outcome.PERMANENT if 500 <= code < 600 else Outcome.RETRY
        return Result(outcome, f"{code} {_text(text)}"[:300])

    def _connection(self) -> smtplib.SMTP:
        found: smtplib.SMTP | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
        return found

    def _connect(self) -> smtplib.SMTP:
        parts = self._parts
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            made: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=CONNECT_SECONDS)
        else:
            made = smtplib.SMTP(host, parts.port or 25, timeout=CONNECT_SECONDS)
        if parts.scheme == "smtp+tls" or "tls" in parts.query:
            made.starttls()
        if parts.username:
            made.login(unquote(parts.username), unquote(parts.password or ""))
        made.ehlo_or_helo_if_needed()
        return made

    def close(self) -> None:
        """Of this thread; the next message opens it again."""
        self._drop()

    def _drop(self) -> None:
        found: smtplib.SMTP | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if found is not None:
            found.close()


type _Reply = tuple[int, bytes]


def _ask(connection: smtplib.SMTP, mail: _Mail) -> _Reply | None:
    """Sender, recipient and DATA, in one piece where the server takes that (RFC 2920); the first answer that is no.
    After None the server waits for the mail."""
    commands = [
        f"MAIL FROM:<{mail.sender}>\r\n",
        f"RCPT TO:<{mail.recipient}>\r\n",
        "DATA\r\n",
    ]
    if not connection.has_extn("pipelining"):
        for command, yes in zip(commands, _YES, strict=True):
            connection.send(command)
            code, text = connection.getreply()
            if code not in yes:
                return code, text
        return None
    connection.send("".join(commands))
    replies = [connection.getreply() for _command in commands]
    noes = [reply for reply, yes in zip(replies, _YES, strict=True) if reply[0] not in yes]
    if noes and replies[-1][0] == _GO_ON:  # it waits for a mail to nobody: end it
        connection.send(".\r\n")
        connection.getreply()
    return noes[0] if noes else None


_GO_ON = 354
_YES = ({250}, {250, 251}, {_GO_ON})


def _stuffed(wire: bytes) -> bytes:
    """As it goes over the line: a line that begins with a dot gets another one, and a dot alone ends it."""
    body = wire.replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body.removesuffix(b"\r\n") + b"\r\n.\r\n"


class _Watchdog:
    """A total deadline for each connection: a server that drips bytes keeps each read short, so reads alone never time
    out. One thread watches them all; it looks often enough for deadlines of seconds."""

    LOOKS_EVERY = 0.05

    def __init__(self) -> None:
        self._watched: dict[int, tuple[float, smtplib.SMTP]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: smtplib.SMTP, until: float) -> Iterator[None]:
        key = id(connection)
        with self._changed:
            self._watched[key] = (until, connection)
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._watch, name="smtp-deadlines", daemon=True)
                self._thread.start()
            elif len(self._watched) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            self._watched.pop(key, None)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
            now = time.monotonic()
            for until, connection in list(self._watched.values()):
                if until <= now:
                    _cut(connection)
            time.sleep(self.LOOKS_EVERY)


def _cut(connection: smtplib.SMTP) -> None:
    try:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


_watchdog = _Watchdog()


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
