"""A mail as bytes, put together by hand: Python's e-mail classes cost 2.5 ms a message. Headers of RFC 5322 and RFC
2047, two parts of RFC 2046, one-click unsubscribe of RFC 8058. Bodies are base64, so no line of them needs care."""

import time
from binascii import b2a_base64
from email.header import Header
from email.utils import formatdate, quote
from functools import lru_cache
from urllib.parse import urlsplit

from apps.campaigns.channels import Outgoing

_LINE = 76  # characters of base64
_LONGEST = 900  # characters of a header line; the law is 998
_ATOM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~ ")
_NOT_IN_LOCAL = frozenset('<>()[],;:\\" ')


def build(outgoing: Outgoing, *, reply_to: str = "") -> bytes:
    """Raises ValueError for what no header can hold, such as an address with a line break."""
    domain = outgoing.sender.rpartition("@")[2]
    boundary = f"=_{outgoing.identity}"
    lines = [
        f"From: {_mailbox(outgoing.sender_name, outgoing.sender)}",
        f"To: {_mailbox(outgoing.recipient_name, outgoing.recipient)}",
        f"Subject: {text_header(outgoing.subject)}",
        f"Date: {_date(int(time.time()))}",
        f"Message-ID: <{outgoing.identity}@{_ascii_domain(domain)}>",
        *([f"Reply-To: {address(reply_to)}"] if reply_to else []),
        *_unsubscribe(outgoing.unsubscribe_url),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    mark = f"--{boundary}".encode()
    parts = [*_part(mark, "plain", outgoing.text), *_part(mark, "html", outgoing.html)]
    return b"\r\n".join([*(line.encode("ascii") for line in lines), b"", *parts, mark + b"--", b""])


def _part(mark: bytes, subtype: str, text: str) -> list[bytes]:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
    return [mark, head.encode(), *_lines(text)]


def _lines(text: str) -> list[bytes]:
    """Line ends are CRLF inside the text too, as RFC 2046 says of text."""
    body = "\r\n".join(text.splitlines()).encode("utf-8", "replace") + b"\r\n"
    whole = b2a_base64(body, newline=False)
    return [whole[at : at + _LINE] for at in range(0, len(whole), _LINE)]


def _unsubscribe(url: str) -> list[str]:
    if not url:
        return []
    return [f"List-Unsubscribe: <{_plain(url)}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def _plain(url: str) -> str:
    if not url.isascii() or not url.isprintable() or any(c in url for c in "<> ") or not urlsplit(url).scheme:
        raise ValueError("the unsubscribe link is no address")
    return url


def text_header(text: str) -> str:
    """In encoded words where it is not plain; never more than one line's worth without a fold."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if clean.isascii() and len(clean) <= _LONGEST and "=?" not in clean:
        return clean
    return Header(clean, "utf-8", maxlinelen=75, header_name="Subject").encode(linesep="\r\n")


@lru_cache(maxsize=1000)
def _name(name: str) -> str:
    plain = " ".join("".join(c for c in name if c.isprintable()).split())[:100]
    if not plain.isascii():
        return Header(plain, "utf-8", maxlinelen=75, header_name="From").encode(linesep="\r\n")
    return plain if set(plain) <= _ATOM and "=?" not in plain else f'"{quote(plain)}"'


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _mailbox(name: str, spec: str) -> str:
    shown = _name(name)
    return f"{shown} <{address(spec)}>" if shown else address(spec)


@lru_cache(maxsize=1000)
def address(spec: str) -> str:
    """As it goes on the wire: an international domain in ASCII. Raises ValueError."""
    local, at, domain = spec.rpartition("@")
    if (
        not at
        or not local
        or not local.isascii()
        or not local.isprintable()
        or any(c in local for c in '<>()[],;:\\" ')
    ):
        raise ValueError("the address cannot be written in a header")
    return f"{local}@{_ascii_domain(domain)}"


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str:
    found = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    if not found or any(not (c.isalnum() or c in ".-[]:_") for c in found):
        raise ValueError("the domain of the address cannot be written in a header")
    return found
