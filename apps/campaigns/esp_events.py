"""What providers of e-mail tell, as django-anymail reads it: signatures and passwords are checked there. Every text in
it may be hostile."""

from datetime import datetime
from typing import Any

from anymail.signals import EventType, RejectReason
from django.conf import settings
from django.utils import timezone

from apps.campaigns import bounce_policy
from apps.campaigns.actions import reports
from apps.campaigns.actions.reports import Report
from apps.campaigns.enums import BounceKind

_PLAIN = {
    EventType.DELIVERED: "delivered",
    EventType.BOUNCED: "bounced",
    EventType.COMPLAINED: "complained",
    EventType.OPENED: "opened",
    EventType.CLICKED: "clicked",
    EventType.UNSUBSCRIBED: "unsubscribed",
}
# A provider that refuses to send since it has the address on a list of its own.
_REFUSED = {
    RejectReason.INVALID: ("bounced", BounceKind.HARD),
    RejectReason.BOUNCED: ("bounced", BounceKind.HARD),
    RejectReason.TIMED_OUT: ("bounced", BounceKind.SOFT),
    RejectReason.SPAM: ("complained", BounceKind.UNKNOWN),
    RejectReason.UNSUBSCRIBED: ("unsubscribed", BounceKind.UNKNOWN),
}


def take(event: Any = None, **_kwargs: Any) -> None:
    """Receiver of anymail's signal `tracking`."""
    now = timezone.now()
    report = _read(event, now)
    if report is not None:
        reports.take(report, now=now)


def _read(event: Any, now: datetime) -> Report | None:
    kind, bounce = _PLAIN.get(event.event_type, ""), BounceKind.UNKNOWN
    if kind == "bounced":
        bounce = _bounce(event)
    elif event.event_type == EventType.REJECTED:
        kind, bounce = _REFUSED.get(event.reject_reason, ("bounced", BounceKind.UNKNOWN))
    url = _text(event.click_url, 2000)
    if not kind or (kind == "clicked" and (not _is_web(url) or _is_ours(url))):
        return None
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    at = event.timestamp
    return Report(
        kind=kind,
        at=at if isinstance(at, datetime) and timezone.is_aware(at) else now,
        provider_id=_text(event.message_id, 200),
        identity=_text(metadata.get("identity"), 32),
        recipient=_text(event.recipient, 320),
        detail=_text(event.mta_response, 300) or _text(event.description, 300),
        bounce=bounce,
        agent=_text(event.user_agent, 500),
        url=url,
    )


def _bounce(event: Any) -> BounceKind:
    """What the other server said decides; else what the provider calls it."""
    said = bounce_policy.kind_of(f"{_text(event.mta_response, 1000)} {_text(event.description, 1000)}")
    if said is not BounceKind.UNKNOWN:
        return said
    if "soft" in _text(_own_name(event.esp_event), 100).lower() or event.reject_reason == RejectReason.TIMED_OUT:
        return BounceKind.SOFT
    is_hard = event.reject_reason in {RejectReason.INVALID, RejectReason.BOUNCED}
    return BounceKind.HARD if is_hard else BounceKind.UNKNOWN


def _own_name(raw: Any) -> Any:
    """Such as SoftBounce at Postmark, soft_bounce at Brevo."""
    get = getattr(raw, "get", None)
    return f"{get('Type', '')} {get('type', '')} {get('event', '')}" if callable(get) else ""


def _text(value: Any, most: int) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:most] if isinstance(value, str) else ""


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _is_ours(url: str) -> bool:
    """Our own link counts when it is followed."""
    return url.startswith(f"{settings.PUBLIC_URL}/c/")
