"""A real SMTP server that remembers what it accepted, and when."""

import asyncio
import logging
import re
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.sink import Sink

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd says every line of every conversation

_IDENTITY = re.compile(rb"^Message-ID: *<([^@>]+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class MailServer(Sink):
    """Of its answers 421, 450 and 550 are given to RCPT, all others after the last byte."""

    greets_after: float = 0

    def __enter__(self) -> Self:
        self._said: dict[str, str] = {}
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

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        said = self._said[address] = self.answers(address)
        if said in {"421", "450", "550"}:
            return f"{said} not this one"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """What came whole is delivered, whether or not the sender lives to hear it."""
        recipient = envelope.rcpt_tos[0]
        said = self._said[recipient]
        if said not in {"", "drop"}:
            return f"{said} not this mail"
        await asyncio.shield(self._keep(recipient, envelope.content or b""))
        if said == "drop":
            server.transport.abort()
        return "250 kept"

    async def _keep(self, recipient: str, content: bytes) -> None:
        await asyncio.sleep(self.takes(recipient))
        found = _IDENTITY.search(content)
        self.keep(recipient, found[1].decode() if found else "")
