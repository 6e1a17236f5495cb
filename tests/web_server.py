"""A real HTTP server on this machine that keeps what it is sent and can be told to misbehave."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """`answers` are given in turn, the last one for ever: bytes, or a function that does what it wants with the
    connection."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answers: list[bytes | Callable[[socket.socket], None]] = field(default_factory=lambda: [answer(200)])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def dripping(first: bytes, *, pause: float = 0.05, times: int = 200) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(times):
            connection.sendall(b"x")
            time.sleep(pause)

    return drip


def hang_up(_connection: socket.socket) -> None:
    """Reads the call and says nothing."""


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    method, target, _version = first.decode().split(" ")
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Asked(method, target, headers, body)


def _serve(listener: socket.socket, site: Site, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(connection, site, context), daemon=True).start()


def _talk(connection: socket.socket, site: Site, context: ssl.SSLContext | None) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) if context else connection as talking:
            asked = _read(talking)
            if asked is None:
                return
            site.asked.append(asked)
            said = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
            if callable(said):
                said(talking)
            else:
                talking.sendall(said)
    except OSError:
        pass


@contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(port=listener.getsockname()[1])
        threading.Thread(target=_serve, args=(listener, site, context), daemon=True).start()
        yield site
        listener.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
