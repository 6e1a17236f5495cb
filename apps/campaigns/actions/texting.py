"""What people answer to an SMS. Words that mean stop are obeyed at once, for everything."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.campaigns.actions import bounces, optouts, reports
from apps.campaigns.channels.sms import CODES
from apps.campaigns.enums import BounceKind, Way
from apps.campaigns.models import Message
from apps.core.models import CompanySettings
from apps.customers import folding
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event

STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
START = {"start", "unstop"}
HELP = {"help", "info"}
_FAILED = {"failed", "undelivered"}
_MOST_TEXT = 1600


@dataclass(frozen=True)
class Sms:
    """`sender` in E.164. `id`: the provider's, equal when it comes twice."""

    id: str
    sender: str
    text: str

    @property
    def word(self) -> str:
        """The whole text as one of the words above, whatever is around it."""
        return " ".join(re.sub(r"[^\w\s]|_", " ", self.text).casefold().split())


def received(sms: Sms, *, now: datetime) -> str:
    """The answer to send, or none."""
    company = CompanySettings.current().name
    if sms.word in STOP:
        _stop(sms, now)
        return _("%(company)s: you get no more messages. Reply START to get them again.") % {"company": company}
    if sms.word in START:
        _record(sms, Choice.IN, now)
        return _("%(company)s: you get messages again. Reply STOP to stop them.") % {"company": company}
    if sms.word in HELP:
        return _("%(company)s: reply STOP to get no more messages.") % {"company": company}
    _answered(sms, now)
    return ""


def _stop(sms: Sms, now: datetime) -> None:
    """Commits first, then waits for what is being handed over."""
    people = _record(sms, Choice.OUT, now)
    message = reports.newest_to([sms.sender], Way.SMS)
    if message is not None:
        Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now)
    for customer in people:
        optouts.wait_for_hand_over(customer_id=customer.pk, channel=Way.SMS.value, address=sms.sender)
    if not people:
        optouts.wait_for_hand_over(customer_id=0, channel=Way.SMS.value, address=sms.sender)


@transaction.atomic
def _record(sms: Sms, choice: Choice, now: datetime) -> list[Customer]:
    """For the number, whoever has it, and for each customer who goes by it; once an SMS."""
    people = list(
        Customer.objects.present()
        .filter(Q(identities__kind="phone", identities__value=sms.sender) | Q(phone=sms.sender))
        .distinct()
        .order_by("pk")
    )
    evidence = f"SMS “{bounces.plain(sms.text)[:100]}” ({sms.id})"
    if Consent.objects.filter(address=sms.sender, channel=Way.SMS, evidence=evidence).exists():
        return people
    for customer in [None, *people]:
        consents.record(
            customer=customer, channel=Way.SMS.value, topic=None, choice=choice, at=now, address=sms.sender,
            evidence=evidence,
        )  # fmt: skip
    for customer in people:
        event = Event.UNSUBSCRIBED if choice is Choice.OUT else Event.SUBSCRIBED
        _tell(customer.pk, event, sms, now, {"topic": "everything"})
    return people


@transaction.atomic
def _answered(sms: Sms, now: datetime) -> None:
    """To the customer of the newest message to this number, else to the only one who goes by it."""
    message = reports.newest_to([sms.sender], Way.SMS)
    if message is not None:
        customer_id: int | None = message.customer_id
        Message.objects.filter(pk=message.pk, replied_at=None).update(replied_at=now)
    else:
        people = Customer.objects.present().filter(identities__kind="phone", identities__value=sms.sender)
        found = list(people.distinct().values_list("pk", flat=True)[:2])
        customer_id = found[0] if len(found) == 1 else None
    if customer_id is not None:
        more = {"message": message.pk, "campaign": message.enrolment.campaign.name} if message else {}
        _tell(customer_id, Event.SMS_RECEIVED, sms, now, {"text": _clean(sms.text), **more})


def _tell(customer_id: int, event: Event, sms: Sms, now: datetime, properties: dict[str, object]) -> None:
    log.record(
        customer_id=customer_id,
        event=event.value,
        by=By.CUSTOMER,
        channel=Channel.SMS,
        at=now,
        received_at=now,
        message_id=f"sms:{sms.id}:{customer_id}"[:100],
        properties=properties,
    )


def status(*, provider_id: str, said: str, code: str, now: datetime) -> bool:
    """What became of an SMS of ours; whether it is one."""
    message = (
        Message.objects.select_related("customer", "topic").filter(channel=Way.SMS, provider_id=provider_id).first()
    )
    if message is None:
        return False
    if said == "delivered":
        bounces.delivered(message=message, at=now, now=now)
    elif said in _FAILED:
        means = CODES.get(int(code)) if code.isdecimal() else None
        kind = BounceKind.HARD if means is not None and means.is_dead else BounceKind.SOFT
        bounces.bounced(message=message, kind=kind, detail=f"{said} {code}", at=now, now=now)
        if means is not None and means.is_opt_out and message.unsubscribed_at is None:
            optouts.opt_out(message=message, everything=True, now=now)
    return True


def _clean(text: str) -> str:
    """As it was written, but for what no text of the database holds."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:_MOST_TEXT]


def sender_of(value: str) -> str:
    """The number as opt-outs keep it; empty for what is none, such as a name."""
    return folding.phone(value) or ""
