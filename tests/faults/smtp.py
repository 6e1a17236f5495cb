"""A real SMTP server that remembers what it accepted, and when."""

import asyncio
import logging
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd says every line of every conversation

_MESSAGE_ID = re.compile(rb"^Message-ID: *(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    recipient: str
    message_id: str
    accepted_at: float  # time.monotonic()


@dataclass
class MailServer:
    """`takes` says how many seconds pass between a recipient's mail's last byte and the answer, as with real providers:
    the window in which nobody can know what became of a mail whose sender is killed."""

    takes: Callable[[str], float] = lambda _recipient: random.uniform(0, 0.02)
    greets_after: float = 0
    mails: list[Mail] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self._arrived = threading.Condition()
        self._transports: set[asyncio.BaseTransport] = set()
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="smtp", daemon=True)
        self._thread.start()
        assert ready.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(30)

    def wait_for(self, count: int, *, seconds: float) -> None:
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.mails) >= count, timeout=seconds)
        assert came, f"{len(self.mails)} mails came, not {count}"

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._conversation, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ended.wait()
        server.close()
        for transport in self._transports:
            transport.close()
        await asyncio.sleep(0.1)  # the conversations notice

    def _conversation(self) -> SMTP:
        transports, greets_after = self._transports, self.greets_after

        class Conversation(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                transports.add(transport)
                super().connection_made(transport)

            async def _handle_client(self) -> None:
                await asyncio.sleep(greets_after)
                await super()._handle_client()

        return Conversation(self, hostname="mail.test")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """What came whole is delivered, whether or not the sender lives to hear it."""
        await asyncio.shield(self._keep(envelope.rcpt_tos[0], envelope.content or b""))
        return "250 kept"

    async def _keep(self, recipient: str, content: bytes) -> None:
        await asyncio.sleep(self.takes(recipient))
        found = _MESSAGE_ID.search(content)
        with self._arrived:
            self.mails.append(Mail(recipient, found[1].decode() if found else "", time.monotonic()))
            self._arrived.notify_all()
