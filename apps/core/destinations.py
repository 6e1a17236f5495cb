"""Where outgoing HTTP may go. Whoever types an address must not reach our own network with it, so only public ones may
be called, and what OUTGOING_ALLOWED_HOSTS names."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

type Address = IPv4Address | IPv6Address
type Resolver = Callable[[str, int], list[str]]
"""The addresses of a host and port, as text; OSError when there are none."""

PORTS = {443, 8443}
_LONGEST = 2000
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# Beside what `is_global` knows. Of IPv6, only what is given out to networks is left, less what carries an IPv4 address.
_NOT_V4 = [IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")]
_V6 = IPv6Network("2000::/3")
_NOT_V6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


class OutgoingError(Exception):
    """The message is for staff; it never quotes the address, which may hold a secret."""


class Refused(OutgoingError):
    """We do not call this address, now or later."""


class NotReached(OutgoingError):
    """Nothing was handed over."""


@dataclass(frozen=True)
class Place:
    """An address as it was typed, read once: nothing after this reads the text again."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_plain(self) -> bool:
        """https on a usual port, which anybody may ask for."""
        return self.scheme == "https" and self.port in PORTS

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def read(url: str) -> Place:
    """Refused for all that is not http(s)://host[:port]/path without a user."""
    if len(url) > _LONGEST or _UNSAFE.search(url):
        raise Refused(_("The address holds spaces or signs that no address has, or is too long."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(_("This is no web address.")) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused(_("The address must begin with https://."))
    if "@" in parts.netloc:
        raise Refused(_("The address must not hold a user name or password."))
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    return Place(parts.scheme, _host(parts.hostname), port, _target(parts))


def host_of(url: str) -> str:
    """What may be shown of an address whose path may hold a secret; empty when it is none."""
    try:
        return read(url).host
    except Refused:
        return ""


def _target(parts: SplitResult) -> str:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii():
        raise Refused(_("Write signs beyond ASCII in the address as %XX."))
    return target


def _host(name: str) -> str:
    if ":" in name:
        try:
            return str(IPv6Address(name)) if "%" not in name else _no_host()
        except ValueError:
            return _no_host()
    try:
        host = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return _no_host()
    host = host.lower().removesuffix(".")
    if len(host) > 253 or not _HOST.fullmatch(host):
        return _no_host()
    last = host.rpartition(".")[2]
    if _is_number(host) or last.isdigit() or last.startswith("0x"):
        _check_usual_form(host)
    return host


def _no_host() -> str:
    raise Refused(_("This is no name of a host."))


def _is_number(host: str) -> bool:
    """As C reads addresses: 127.1, 2130706433, 0x7f.1 and 017700000001 all mean this machine."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _check_usual_form(host: str) -> None:
    try:
        IPv4Address(host)
    except ValueError as error:
        raise Refused(_("Write the number of the host as four plain numbers, or use its name.")) from error


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _NOT_V4)
    return address in _V6 and address.is_global and not any(address in net for net in _NOT_V6)


def find(place: Place, *, seconds: float, resolve: Resolver | None = None) -> list[str]:
    """The addresses to connect to, every one of which may be called. One that may not refuses all: a name that means
    two networks at once is a trick. NotReached when the name has none now."""
    found = _literal(place.host) or _looked_up(place, seconds, resolve or system_resolver)
    addresses = [ip_address(text) for text in found]
    is_named, networks = _allowed(place.host)
    is_ours = is_named or all(any(a in net for net in networks) for a in addresses)
    if not is_ours and not place.is_plain:
        raise Refused(_("Only https:// on port 443 or 8443 may be called."))
    if not is_ours and not all(is_public(a) or any(a in net for net in networks) for a in addresses):
        raise Refused(_("The host is in a network that must not be called from here."))
    return [str(address) for address in addresses]


def check(url: str, *, resolve: Resolver | None = None, seconds: float = 2.0) -> None:
    """For a form: Refused for an address that no call would go to. A name that has no address now may get one."""
    place = read(url)
    try:
        find(place, seconds=seconds, resolve=resolve)
    except NotReached:
        if not place.is_plain and not _allowed(place.host)[0]:
            raise Refused(_("Only https:// on port 443 or 8443 may be called.")) from None


def _literal(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return []


def _allowed(host: str) -> tuple[bool, list[IPv4Network | IPv6Network]]:
    """Whether OUTGOING_ALLOWED_HOSTS names the host, and the networks in it."""
    networks, names = [], set()
    for entry in settings.OUTGOING_ALLOWED_HOSTS:
        try:
            networks.append(ip_network(entry.strip("[] "), strict=False))
        except ValueError:
            names.add(entry.strip().lower().removesuffix("."))
    return host in names, networks


def _looked_up(place: Place, seconds: float, resolve: Resolver) -> list[str]:
    """Looking up a name knows no deadline, so a thread does it; one that hangs is left to end by itself."""
    found: list[str] = []

    def look() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(resolve(place.host, place.port))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if not found:
        raise NotReached(_("The host has no address now."))
    return list(found)


def system_resolver(host: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
