"""Opens and clicks. A machine's are kept apart; a click counts as a person's when no other link of the message was
followed within two seconds of it, which is known only then. Repeats write nothing."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.campaigns.machines import BURST
from apps.campaigns.models import Click, Message
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event

_AT_ONCE = 500
_LATE = timedelta(seconds=1)  # the other click may be written a moment later


def opened(*, message: Message, at: datetime, is_machine: bool) -> None:
    """An open never counts as something that the customer did: it is the mail program that fetches a picture."""
    if is_machine:
        if message.machine_opened_at is None:
            Message.objects.filter(pk=message.pk, machine_opened_at=None).update(machine_opened_at=at)
        return
    if message.opened_at is not None:
        return
    with transaction.atomic():
        if Message.objects.filter(pk=message.pk, opened_at=None).update(opened_at=at):
            _tell(message, Event.MESSAGE_OPENED, By.MACHINE, at, f"opened:{message.pk}")


def clicked(*, message: Message, url: str, at: datetime, is_machine: bool) -> None:
    """A person's is judged a moment later (judge)."""
    Click.objects.bulk_create(
        [
            Click(
                message=message,
                digest=_digest(url),
                url=url[:2000],
                at=at,
                is_machine=is_machine,
                judged_at=at if is_machine else None,
            )
        ],
        ignore_conflicts=True,
    )


def clicked_for_certain(*, message: Message, url: str, at: datetime) -> None:
    """Where a script of ours saw the click."""
    clicked(message=message, url=url, at=at, is_machine=False)
    with transaction.atomic():
        _judge_as_persons(Click.objects.to_be_judged().filter(message=message, digest=_digest(url)), at)


def _digest(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest()


def judge(*, now: datetime) -> int:
    """Clicks whose two seconds are over; returns how many. Safe to run any number of times at once."""
    with transaction.atomic():
        due = Click.objects.to_be_judged().filter(at__lte=now - BURST - _LATE)
        claimed = due.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("at", "pk")[:_AT_ONCE]
        pks = [click.pk for click in claimed]
        others = Click.objects.filter(
            message=OuterRef("message"), at__gte=OuterRef("at") - BURST, at__lte=OuterRef("at") + BURST
        ).exclude(digest=OuterRef("digest"))
        bursts = list(Click.objects.filter(Exists(others), pk__in=pks).values_list("pk", flat=True))
        _judge_as_persons(Click.objects.filter(pk__in=set(pks) - set(bursts)), now)
        _judge_as_machines(bursts, now)
    return len(pks)


def _judge_as_machines(pks: list[int], now: datetime) -> None:
    """Where a machine had followed the same link before, that row says it already."""
    same = Click.objects.filter(message=OuterRef("message"), digest=OuterRef("digest"), is_machine=True)
    mine = Click.objects.filter(pk__in=pks)
    mine.filter(Exists(same)).delete()
    mine.update(is_machine=True, judged_at=now)


def _judge_as_persons(clicks: Iterable[Click], now: datetime) -> None:
    found = list(Click.objects.filter(pk__in=[click.pk for click in clicks]).order_by("at", "pk"))
    Click.objects.filter(pk__in=[click.pk for click in found]).update(judged_at=now)
    messages = Message.objects.select_related("enrolment__campaign").in_bulk({click.message_id for click in found})
    for click in found:
        message = messages[click.message_id]
        Message.objects.filter(pk=message.pk, clicked_at=None).update(clicked_at=click.at)
        _tell(message, Event.MESSAGE_CLICKED, By.CUSTOMER, click.at, f"clicked:{click.pk}", url=click.url)


def _tell(message: Message, event: Event, by: By, at: datetime, message_id: str, **more: str) -> None:
    log.record(
        customer_id=message.customer_id,
        event=event.value,
        by=by,
        channel=Channel(message.channel),
        at=at,
        received_at=at,
        message_id=message_id,
        properties={"message": message.pk, "campaign": message.enrolment.campaign.name, **more},
    )
