"""Bounces and complaints: facts of the message first, then what the policy makes of them for the address. Safe to be
told the same thing any number of times."""

from datetime import datetime

from django.db import transaction

from apps.campaigns import facts
from apps.campaigns.actions import optouts
from apps.campaigns.bounce_policy import BouncePolicy
from apps.campaigns.enums import BounceKind
from apps.campaigns.models import Message, Suppression
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event

POLICY = BouncePolicy()


def bounced(*, message: Message, kind: BounceKind, detail: str, at: datetime, now: datetime) -> None:
    """Counted once a message; a later report may only say that it was worse."""
    at = _moment(message, at, now)
    with transaction.atomic():
        row = Message.objects.select_for_update(of=("self",), no_key=True).get(pk=message.pk)
        is_worse = kind is BounceKind.HARD and row.bounce_kind != BounceKind.HARD
        if row.bounced_at is not None and not is_worse:
            return
        row.bounced_at, row.bounce_kind = row.bounced_at or at, kind
        row.save(update_fields=["bounced_at", "bounce_kind"])
        decision = POLICY.after(kind, soft_at=_soft_bounces(row, now), now=now)
        if decision.suppresses:
            _suppress(row, f"{kind.label}: {plain(detail)}", decision.until)


def complained(*, message: Message, detail: str, at: datetime, now: datetime) -> None:
    """Whoever calls it spam is never written to again. Commits first, then waits for what is in hand."""
    with transaction.atomic():
        new = Message.objects.filter(pk=message.pk, complained_at=None)
        if not new.update(complained_at=_moment(message, at, now)):
            return
        _suppress(message, f"complaint: {plain(detail)}", None)
        consents.record(
            customer=message.customer,
            channel=message.channel,
            topic=None,
            choice=Choice.OUT,
            at=now,
            address=message.address,
            evidence=f"complaint about message {message.pk}",
        )
        _tell(message, now)
    optouts.wait_for_hand_over(customer_id=message.customer_id, channel=message.channel, address=message.address)


def delivered(*, message: Message, at: datetime, now: datetime) -> None:
    Message.objects.filter(pk=message.pk, delivered_at=None).update(delivered_at=_moment(message, at, now))


def _suppress(message: Message, reason: str, until: datetime | None) -> None:
    address = facts.fold(message.channel, message.address) or message.address
    if address:
        suppress(channel=message.channel, address=address, reason=reason, until=until)


@transaction.atomic
def suppress(*, channel: str, address: str, reason: str, until: datetime | None = None) -> Suppression:
    """`address` folded. Never shortens what is there."""
    row, is_new = Suppression.objects.select_for_update().get_or_create(
        channel=channel, address=address, defaults={"reason": reason[:300], "until": until}
    )
    if not is_new and row.until is not None and (until is None or until > row.until):
        row.until, row.reason = until, reason[:300]
        row.save(update_fields=["until", "reason"])
    return row


def plain(text: str) -> str:
    """What somebody else's server said, in one line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:250] or "no reason was given"


def _soft_bounces(message: Message, now: datetime) -> list[datetime]:
    """To this address since something arrived there and since the last pause was over."""
    folded = facts.fold(message.channel, message.address)
    sent = Message.objects.filter(
        channel=message.channel, address__in={message.address, folded or message.address}, state="sent"
    ).filter(sent_at__gte=now - POLICY.look_back)
    arrived = sent.filter(delivered_at__isnull=False, bounced_at=None).order_by("-delivered_at").first()
    paused = Suppression.objects.filter(channel=message.channel, address=folded or message.address).first()
    since = [at for at in (arrived.delivered_at if arrived else None, paused.until if paused else None) if at]
    found = sent.filter(bounce_kind=BounceKind.SOFT, bounced_at__isnull=False)
    if since:
        found = found.filter(bounced_at__gt=max(since))
    return [at for at in found.values_list("bounced_at", flat=True) if at is not None]


def _moment(message: Message, at: datetime, now: datetime) -> datetime:
    """Clocks of others are wrong at times."""
    return min(max(at, message.created_at), now)


def _tell(message: Message, now: datetime) -> None:
    log.record(
        customer_id=message.customer_id,
        event=Event.UNSUBSCRIBED.value,
        by=By.CUSTOMER,
        channel=Channel(message.channel),
        at=now,
        received_at=now,
        message_id=f"complaint:{message.pk}",
        properties={"topic": "everything", "message": message.pk, "complaint": True},
    )
