"""What providers, mail servers and phones tell about messages: which message it is, and what is written of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.campaigns import bounce_mails, facts, machines
from apps.campaigns.actions import bounces, handing, optouts, tracking
from apps.campaigns.enums import BounceKind, MessageState, Way
from apps.campaigns.models import Message, MessageQuerySet

_CANDIDATES = 200
RECENT = timedelta(days=7)  # a bounce that names only the address is about what was sent in this time


@dataclass(frozen=True)
class Report:
    """`kind`: delivered, bounced, complained, opened, clicked, unsubscribed."""

    kind: str
    at: datetime
    provider_id: str = ""
    identity: str = ""
    recipient: str = ""
    detail: str = ""
    bounce: BounceKind = BounceKind.UNKNOWN
    agent: str = ""
    url: str = ""


def take(report: Report, *, now: datetime) -> bool:
    """Whether it is about a message of ours. Safe to be told twice."""
    message = _named(report)
    if message is None:
        return False
    if report.kind == "delivered":
        bounces.delivered(message=message, at=report.at, now=now)
    elif report.kind == "bounced":
        bounces.bounced(message=message, kind=report.bounce, detail=report.detail, at=report.at, now=now)
    elif report.kind == "complained":
        bounces.complained(message=message, detail=report.detail, at=report.at, now=now)
    elif report.kind == "unsubscribed" and message.unsubscribed_at is None:
        optouts.opt_out(message=message, everything=True, now=now)
    elif report.kind in {"opened", "clicked"}:
        _track(message, report, now)
    return True


def _track(message: Message, report: Report, now: datetime) -> None:
    at = min(report.at, now)
    is_machine = machines.is_machine(agent=report.agent, sent_at=message.sent_at, at=at)
    if report.kind == "opened":
        tracking.opened(message=message, at=at, is_machine=is_machine)
    elif report.url:
        tracking.clicked(message=message, url=report.url, at=at, is_machine=is_machine)


def _named(report: Report) -> Message | None:
    rows = Message.objects.select_related("customer", "topic", "enrolment__campaign")
    if report.provider_id:
        found = rows.filter(provider_id=report.provider_id).order_by("-sent_at", "-pk").first()
        if found is not None:
            return found
    return by_identity([report.identity], recipients=[report.recipient]) if report.identity else None


def by_identity(identities: Iterable[str], *, recipients: Iterable[str]) -> Message | None:
    """Among what was sent to these addresses: the identity is a hash, so it is looked for among the newest of them."""
    wanted = set(identities)
    for message in _sent_to(recipients, Way.EMAIL)[:_CANDIDATES]:
        if handing.identity_of(message.key) in wanted:
            return message
    return None


def newest_to(recipients: Iterable[str], way: Way) -> Message | None:
    return _sent_to(recipients, way).first()


def _sent_to(recipients: Iterable[str], way: Way) -> MessageQuerySet:
    addresses = {
        form for one in recipients if one and "\x00" not in one for form in (one, facts.fold(way, one)) if form
    }
    rows = Message.objects.filter(state=MessageState.SENT, channel=way, address__in=addresses)
    return rows.select_related("customer", "topic", "enrolment__campaign").order_by("-sent_at", "-pk")


def take_mail(raw: bytes, *, now: datetime) -> str:
    """What became of a bounce mail, in words for the log of a mail server: no address stands in it."""
    mail = bounce_mails.read(raw)
    if mail.kind is None and not mail.is_complaint:
        return "no bounce"
    message = by_identity(mail.identities, recipients=mail.addresses)
    if message is not None and mail.is_complaint:
        bounces.complained(message=message, detail=mail.detail, at=now, now=now)
        return f"complaint about message {message.pk}"
    if message is not None and mail.kind is not None:
        bounces.bounced(message=message, kind=mail.kind, detail=mail.detail, at=now, now=now)
        return f"{mail.kind.value} bounce of message {message.pk}"
    return _take_by_address(mail, now)


def _take_by_address(mail: bounce_mails.BounceMail, now: datetime) -> str:
    """Anybody can write a mail that names an address. So it counts as a soft bounce at most, and only soon after we
    wrote there: one alone suppresses nobody."""
    message = None if mail.is_complaint else newest_to(mail.addresses, Way.EMAIL)
    if message is None or mail.kind is None or (message.sent_at or now) < now - RECENT:
        return "of no message of ours"
    kind = BounceKind.SOFT if mail.kind is BounceKind.HARD else mail.kind
    bounces.bounced(message=message, kind=kind, detail=mail.detail, at=now, now=now)
    return f"{kind.value} bounce of message {message.pk}, by its address"
