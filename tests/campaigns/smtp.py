"""A real SMTP server that keeps what it takes and can be told to misbehave."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Keeper:
    """`answers` maps a recipient to what is answered at RCPT, `after_data` to what is answered after DATA."""

    def __init__(self, *, pipelining: bool) -> None:
        self.pipelining = pipelining
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.after_data: dict[str, str] = {}
        self.connections = 0

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.after_data.get(envelope.rcpt_tos[0], "250 taken")
        if answer.startswith("250") or answer == "drop":
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        if answer == "drop":
            server.transport.abort()
            await asyncio.sleep(0.2)
        if answer == "late":
            await asyncio.sleep(0.5)
            answer = "250 taken"
        if answer == "hang":
            await asyncio.sleep(3)
        return answer

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list) -> list:  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return ["250-PIPELINING", *responses] if self.pipelining else responses


@contextmanager
def mail_server(*, pipelining: bool = True) -> Iterator[tuple[str, Keeper]]:
    """`pipelining`: whether it takes several commands at once, as most do."""
    keeper = Keeper(pipelining=pipelining)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}", keeper
    finally:
        controller.stop()
