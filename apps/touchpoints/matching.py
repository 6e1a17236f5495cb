"""Which touchpoint an interaction happened at: the rules of the catalogue, read, compiled and asked. Pure; what a rule
may say and which one wins stands in docs/touchpoints.md."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from django.utils.translation import gettext as _

from apps.core.comparison import RuleError
from apps.touchpoints.enums import By, Channel

CONDITIONS = ("event", "channel", "url", "utm_source", "utm_medium", "utm_campaign", "referrer")
MAX_ENTRIES = 20
MAX_VALUE = 200
_MAX_URL = 2000
_UTM = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "name"}
_WITH_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/\\]*(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[a-z0-9_.-]{1,253}")
_END_OF_HOST = re.compile(r"[/?#\\]")
_START = 3  # characters of a path that the index goes by
_TELLING = {"url", "path", "referrer"}
_GIVE_CHANNEL = {*_UTM, "referrer"}

type Rules = list[dict[str, str]]
type Glob = tuple[str, ...]


class Traffic(NamedTuple):
    """An interaction as far as a rule looks at it."""

    event: str
    by: str
    channel: str
    properties: Mapping[str, Any]
    context: Mapping[str, Any]


class Place(NamedTuple):
    """Where an interaction came from, in the spelling that is compared; empty where it does not say."""

    path: str = ""
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""


_NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a touchpoint's rules, compiled. `start`: how the path must begin, as far as the index goes.
    `is_plain`: an event and nothing else. `gives_channel`: an interaction that names no channel of its own has the
    touchpoint's."""

    touchpoint_id: int
    channel: str
    event: str | None
    on_channel: str | None
    globs: tuple[tuple[str, Glob], ...]
    referrer: str | None
    start: str
    is_plain: bool
    gives_channel: bool
    order: tuple[Any, ...]

    def fits(self, traffic: Traffic, place: Place) -> bool:
        # What names no event is about people who come by, not about what machines or the company report.
        if self.event is None and traffic.by != By.CUSTOMER:
            return False
        if self.on_channel is not None and traffic.channel != self.on_channel:
            return False
        if self.referrer is not None and not _is_within(place.referrer, self.referrer):
            return False
        return all(_fits(glob, getattr(place, name)) for name, glob in self.globs)


class Catalogue:
    """All touchpoints' entries, the most specific first; the order in which they are given is of no consequence. An
    index by event, start of the path and what else is known leaves few to ask, however many there are."""

    def __init__(self, touchpoints: Iterable[tuple[int, str, Rules]]) -> None:
        """`touchpoints`: id, channel and rules of each."""
        entries = [_compile(pk, channel, entry) for pk, channel, rules in touchpoints for entry in rules]
        self._entries = sorted(entries, key=lambda entry: entry.order)
        self._events = {entry.event for entry in entries if entry.event is not None}
        self._starts = {entry.start for entry in entries if entry.start}
        self._index: dict[tuple[str | None, str, bool, bool], tuple[Entry, ...]] = {}
        self._by_event = {event: self._may_fit(event) for event in (*self._events, None)}

    def match(self, traffic: Traffic) -> Entry | None:
        """The entry that wins."""
        entries = self._by_event.get(traffic.event) or self._by_event[None]
        if entries and entries[0].is_plain:
            return entries[0]
        return next(self.fitting(traffic), None)

    def fitting(self, traffic: Traffic) -> Iterator[Entry]:
        """Each entry that fits, the winner first."""
        event = traffic.event if traffic.event in self._events else None
        if not self._by_event[event]:
            return
        place = read_place(traffic.properties, traffic.context)
        start = place.path[:_START]
        key = (event, start if start in self._starts else "", bool(place.referrer), any(place[2:]))
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = tuple(entry for entry in self._by_event[event] if _could_fit(entry, key))
        for entry in found:
            if entry.fits(traffic, place):
                yield entry

    def _may_fit(self, event: str | None) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._entries if entry.event in {None, event})


def _could_fit(entry: Entry, key: tuple[str | None, str, bool, bool]) -> bool:
    """Whether something that is known so much of can fit."""
    _event, start, has_referrer, has_utm = key
    if entry.start and entry.start != start:
        return False
    if entry.referrer is not None and not has_referrer:
        return False
    return has_utm or all(name == "path" for name, _glob_of in entry.globs)


def read_rules(value: Any) -> Rules:
    """The rules as they are stored: values trimmed, a full address cut to its path or host, what is empty left out.
    Raises RuleError."""
    if not isinstance(value, list):
        raise RuleError("rules must be a list of entries.")
    if len(value) > MAX_ENTRIES:
        raise RuleError(f"A touchpoint may have at most {MAX_ENTRIES} rules.")
    found = [_read_entry(entry, f"Rule {number}") for number, entry in enumerate(value, 1)]
    return [entry for n, entry in enumerate(found) if entry not in found[:n]]


def _read_entry(entry: Any, where: str) -> dict[str, str]:
    if not isinstance(entry, dict) or set(entry) - set(CONDITIONS):
        raise RuleError(f"{where}: an object that may say {', '.join(CONDITIONS)}.")
    said = {}
    for name in CONDITIONS:
        value = entry.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or len(value) > MAX_VALUE or "\x00" in value:
            raise RuleError(f"{where}: {name} must be text of at most {MAX_VALUE} characters.")
        try:
            said[name] = read_value(name, value.strip())
        except RuleError as error:
            raise RuleError(f"{where}: {error}") from error
    said = {name: value for name, value in said.items() if value}
    if not said:
        raise RuleError(f"{where}: say at least one condition.")
    return said


def read_value(name: str, value: str) -> str:
    """One condition as it is stored. Raises RuleError, which does not say where."""
    if name == "channel" and value and value not in Channel.values:
        raise RuleError(f"Unknown channel {value!r}. Use one of: {', '.join(Channel.values)}.")
    if name == "url" and value and not value.startswith("*"):
        value = _cut_to_path(value)
        if not value.startswith("/"):
            raise RuleError(_("Write the page as its path, such as /checkout*."))
    if name == "referrer" and value:
        value = host_of(value)
        if "." not in value:
            raise RuleError(_("Write the name of a site, such as google.com."))
    return value


def _compile(touchpoint_id: int, channel: str, entry: dict[str, str]) -> Entry:
    path = _glob(path_of(entry["url"], is_pattern=True)) if "url" in entry else None
    globs = [("path", path)] if path else []
    globs += [(name, _glob(entry[name].casefold())) for name in _UTM if name in entry]
    gives_channel = bool(_GIVE_CHANNEL & set(entry)) and "channel" not in entry
    return Entry(
        touchpoint_id=touchpoint_id,
        channel=channel,
        event=entry.get("event"),
        on_channel=entry.get("channel"),
        globs=tuple(globs),
        referrer=entry.get("referrer"),
        start=path[0][:_START] if path and len(path[0]) >= _START else "",
        is_plain=set(entry) == {"event"},
        gives_channel=gives_channel,
        order=(-len(entry), -len(entry.get("url", "")), touchpoint_id, not gives_channel, sorted(entry.items())),
    )


def read_place(properties: Mapping[str, Any], context: Mapping[str, Any]) -> Place:
    page, campaign = _object(context, "page"), _object(context, "campaign")
    if not (page or campaign or _TELLING & properties.keys()):
        return _NOWHERE
    url = _text(page, "url") or _text(properties, "url")
    path = path_of(url) or path_of(_text(page, "path")) or path_of(_text(properties, "path"))
    referrer = host_of(_text(page, "referrer") or _text(properties, "referrer"))
    query = _utm_of(url)
    if not (campaign or query):
        return Place(path, referrer)
    said = (_text(campaign, key) or query.get(name, "") for name, key in _UTM.items())
    return Place(path, referrer, *(value.strip().casefold()[:MAX_VALUE] for value in said))


def path_of(url: str, *, is_pattern: bool = False) -> str:
    """The path of an address as it is compared: decoded, case-folded, without a slash at its end; empty where the
    address has none, as in mailto:ann@mail.example."""
    path = _cut_to_path(url)
    if not path.startswith(("/", "*") if is_pattern else "/"):
        return ""
    path = unquote(path)
    path = path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
    return path.rstrip("/") or "/"


def host_of(url: str) -> str:
    """The name of the site of an address or referrer, in ASCII; empty where there is none."""
    rest = url[:_MAX_URL].strip()
    if not rest:
        return ""
    authority = rest.split("//", 1)[1] if "//" in rest else rest
    authority = _END_OF_HOST.split(authority, maxsplit=1)[0].rpartition("@")[2]
    host = authority.partition(":")[0].strip(".").lower()
    if host.isascii():
        return host if _HOST.fullmatch(host) else ""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""


def _cut_to_path(url: str) -> str:
    """Without scheme, host, query and fragment."""
    rest = url[:_MAX_URL].strip().partition("#")[0].partition("?")[0]
    if rest[:1] == "/" != rest[1:2]:
        return rest
    with_host = _WITH_HOST.fullmatch(rest)
    return (with_host[1] or "/") if with_host else rest


def _utm_of(url: str) -> dict[str, str]:
    if "utm_" not in url:
        return {}
    query = url[:_MAX_URL].partition("?")[2]
    try:
        return dict(parse_qsl(query.partition("#")[0], max_num_fields=100))
    except ValueError:
        return {}


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(parent: Mapping[str, Any], name: str) -> str:
    value = parent.get(name)
    return value if isinstance(value, str) else ""


def _is_within(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")


def _glob(pattern: str) -> Glob:
    return tuple(pattern.split("*"))


def _fits(glob: Glob, text: str) -> bool:
    """`*` stands for any run of characters. Each part is looked for once, from left to right, so that no pattern makes
    a long text slow."""
    if not text:
        return False
    first, last = glob[0], glob[-1]
    if len(glob) == 1:
        return text == first
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in glob[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
