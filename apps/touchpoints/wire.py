"""The Segment wire: bytes in, items out. Pure; facts of real clients in shared/data/client_captures/CONTRACT.md."""

import json
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from apps.customers import folding
from apps.customers.actions.identities import Claim
from apps.touchpoints.enums import By, Channel, Event

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 500
MAX_MESSAGE_ID = 100
MAX_EVENT = 200
SKEW = timedelta(seconds=60)
TYPES = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
_WEB_LIBRARIES = ("analytics.js", "milepost.js", "rudderlabs javascript sdk", "analytics-next")
_APP_LIBRARIES = (
    "analytics-ios",
    "analytics-android",
    "analytics-swift",
    "analytics-kotlin",
    "react-native",
    "flutter",
)


class WireError(Exception):
    """The request as a whole cannot be taken."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class ItemError(ValueError):
    """One item cannot be taken; the text is shown on the source's page."""


@dataclass(frozen=True, slots=True)
class Item:
    claim: Claim
    message_id: str
    occurred_at: datetime
    event: str
    by: By
    channel: Channel | None
    properties: dict[str, Any]
    context: dict[str, Any]


@dataclass(slots=True)
class Refusal:
    reason: str
    item: Any


@dataclass(slots=True)
class Call:
    """A request taken apart; `messages` are still raw."""

    messages: list[Any]
    sent_at: Any = None
    context: dict[str, Any] = field(default_factory=dict)


def inflate(body: bytes, *, encoding: str) -> bytes:
    """The plain body. Raises WireError 413 beyond the cap, 415 for any encoding but gzip, 400 for broken gzip."""
    if len(body) > MAX_BODY_BYTES:
        raise WireError(f"The body is larger than {MAX_BODY_BYTES:,} bytes. Send smaller batches.", status=413)
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise WireError(f"Content-Encoding {encoding[:40]} is not supported. Use gzip or none.", status=415)
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise WireError("The body says gzip and is not.") from error
    if len(plain) > MAX_BODY_BYTES:
        raise WireError(f"The body inflates to more than {MAX_BODY_BYTES:,} bytes.", status=413)
    if not inflater.eof:
        raise WireError("The gzip body is cut off.")
    return plain


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. What strict JSON refuses (NaN, lone surrogates, other encodings) is cleaned where
    it can be; what PostgreSQL cannot keep (NUL) is taken out."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = _parse_leniently(body)
    else:
        if b"\\u0000" in body:
            payload = _clean(payload)
    if not isinstance(payload, dict):
        raise WireError("The body must be a JSON object.")
    return payload


def _parse_leniently(body: bytes) -> Any:
    try:
        payload = json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
        return _clean(payload)
    except (ValueError, RecursionError) as error:
        raise WireError("The body is not valid JSON.") from error


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    return None if isinstance(value, float) and value in {float("inf"), float("-inf")} else value


def open_call(kind: str, payload: dict[str, Any]) -> Call:
    """The messages of a call to /v1/<kind>."""
    context = payload.get("context") if isinstance(payload.get("context"), dict) else {}
    if kind != "batch":
        return Call(messages=[{**payload, "type": kind}], sent_at=payload.get("sentAt"))
    messages = payload.get("batch")
    if not isinstance(messages, list):
        raise WireError('A batch needs a list under "batch".')
    return Call(messages=messages, sent_at=payload.get("sentAt"), context=context or {})


def read_items(
    call: Call, *, received_at: datetime, is_public: bool, corrects_skew: bool = True
) -> Iterator[Item | Refusal]:
    for message in call.messages:
        try:
            yield _read(message, call, received_at=received_at, is_public=is_public, corrects_skew=corrects_skew)
        except ItemError as error:
            yield Refusal(reason=str(error)[:300], item=message)


def _read(message: Any, call: Call, *, received_at: datetime, is_public: bool, corrects_skew: bool) -> Item:
    if not isinstance(message, dict):
        raise ItemError("An item must be a JSON object.")
    _check_size(message)
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in TYPES.values() or kind == "batch":
        raise ItemError("type must be one of track, identify, page, screen, group, alias.")
    context = {**call.context, **_object(message, "context")}
    event, by, properties = _content(kind, message, context)
    if not is_public and context.get("by") in By.values:
        by = By(context["by"])  # a server may say that the company did it, such as "Order Shipped"
    return Item(
        claim=_claim(kind, message, context, is_public=is_public),
        message_id=_message_id(message),
        occurred_at=_occurred_at(message, call, received_at, corrects_skew=corrects_skew),
        event=event,
        by=by,
        channel=_channel(context),
        properties=properties,
        context={key: value for key, value in context.items() if key not in {"library", "traits", "by"}},
    )


def _check_size(message: dict[str, Any]) -> None:
    keys, level, depth = 0, [message], 0
    while level:
        depth += 1
        inner: list[Any] = []
        for container in level:
            keys += len(container) if isinstance(container, dict) else 0
            values = container.values() if isinstance(container, dict) else container
            inner += [value for value in values if isinstance(value, dict | list)]
        if depth > MAX_DEPTH:
            raise ItemError(f"The item is nested more than {MAX_DEPTH} levels deep.")
        if keys > MAX_KEYS:
            raise ItemError(f"The item has more than {MAX_KEYS} keys.")
        level = inner


def _object(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ItemError(f"{name} must be an object.")
    return value


def _content(kind: str, message: dict[str, Any], context: dict[str, Any]) -> tuple[str, By, dict[str, Any]]:
    if kind == "track":
        return _event_name(message), By.CUSTOMER, _object(message, "properties")
    if kind in {"page", "screen"}:
        named = {key: message[key] for key in ("name", "category") if isinstance(message.get(key), str)}
        event = Event.PAGE_VIEWED if kind == "page" else Event.SCREEN_VIEWED
        return event.value, By.CUSTOMER, {**named, **_object(message, "properties")}
    if kind == "identify":
        return Event.IDENTIFY.value, By.MACHINE, _traits(message, context)
    if kind == "group":
        group = {"groupId": message.get("groupId")}
        return Event.GROUP.value, By.MACHINE, {**group, **_object(message, "traits")}
    return Event.ALIAS.value, By.MACHINE, {"previousId": message.get("previousId")}


def _event_name(message: dict[str, Any]) -> str:
    event = message.get("event")
    if not isinstance(event, str) or not event.strip():
        raise ItemError("A track item needs the name of its event.")
    if len(event) > MAX_EVENT:
        raise ItemError(f"The name of an event may have at most {MAX_EVENT} characters.")
    return event.strip()


def _traits(message: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Segment puts them at the top, rudder-python in the context, rudder-node in both."""
    inner = context.get("traits")
    return {**(inner if isinstance(inner, dict) else {}), **_object(message, "traits")}


def _claim(kind: str, message: dict[str, Any], context: dict[str, Any], *, is_public: bool) -> Claim:
    try:
        external = folding.external_id(message.get("userId"))
        anonymous = folding.external_id(message.get("anonymousId"))
        previous = folding.external_id(message.get("previousId")) if kind == "alias" else None
    except ValueError as error:
        raise ItemError(str(error)) from error
    if external is None and anonymous is None:
        raise ItemError("An item needs a userId or an anonymousId that is not generic.")
    traits = _traits(message, context) if kind == "identify" else None
    return Claim(external, anonymous, previous, traits or None, is_public=is_public)


def _message_id(message: dict[str, Any]) -> str:
    value = message.get("messageId")
    if value is None or value == "":
        return str(uuid.uuid4())
    if isinstance(value, bool | dict | list):
        raise ItemError("messageId must be text.")
    if len(str(value)) > MAX_MESSAGE_ID:
        raise ItemError(f"messageId may have at most {MAX_MESSAGE_ID} characters.")
    return str(value)


def _occurred_at(message: dict[str, Any], call: Call, received_at: datetime, *, corrects_skew: bool) -> datetime:
    sent_at = _moment(message.get("sentAt"), "sentAt") or _moment(call.sent_at, "sentAt")
    at = (
        _moment(message.get("timestamp"), "timestamp")
        or _moment(message.get("originalTimestamp"), "originalTimestamp")
        or sent_at
        or received_at
    )
    if corrects_skew and sent_at is not None and abs(received_at - sent_at) > SKEW:
        try:
            at += received_at - sent_at
        except OverflowError as error:
            raise ItemError("The time of the item is out of range.") from error
    return min(at, received_at)


def _moment(value: Any, name: str) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ItemError(f"{name} is not a time in ISO 8601, such as 2026-11-22T10:00:00Z.") from error


def _channel(context: dict[str, Any]) -> Channel | None:
    said = context.get("channel")
    if isinstance(said, str) and said in Channel.values:
        return Channel(said)
    library = context.get("library")
    name = str(library.get("name", "")).lower() if isinstance(library, dict) else ""
    if name.startswith(_WEB_LIBRARIES):
        return Channel.WEB
    return Channel.APP if any(part in name for part in _APP_LIBRARIES) else None
