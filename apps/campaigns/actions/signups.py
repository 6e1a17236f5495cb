"""Double opt-in: somebody asks for a topic, whoever reads the address confirms. Until then there is a row that waits,
and no customer. Nobody learns from it which addresses are known."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.campaigns.enums import Way
from apps.campaigns.models import Confirmation, Suppression
from apps.campaigns.models_answers import CONFIRM_WITHIN
from apps.core import links, locks, retrying
from apps.core.models import CompanySettings
from apps.customers import finding, folding
from apps.customers.actions import consents
from apps.customers.enums import Choice, IdentityKind
from apps.customers.models import Customer, Identity, Topic
from apps.staff import mails
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(hours=1)  # the same topic
MOST_A_DAY = 3  # mails to one address, whatever it is asked for
LEASE = timedelta(minutes=10)
_AT_ONCE = 100


class CannotAsk(ValueError):
    """There is nobody to ask; the text says why."""


def wording(topic: Topic, company: CompanySettings) -> str:
    """What is agreed to, word for word."""
    words = _("I want to get “%(topic)s” from %(company)s by e-mail. I can stop it at any time.")
    return (words % {"topic": topic.name, "company": company.name})[:300]


def ask_to_confirm(*, customer: Customer, topic: Topic, now: datetime) -> Confirmation | None:
    """Asks the customer by mail whether they want it. None where the address was asked often enough. Raises
    CannotAsk."""
    if not customer.email:
        raise CannotAsk(_("There is no e-mail address of this customer."))
    address = folding.email(customer.email) or ""
    suppressed = Suppression.objects.in_force(now).filter(channel=Way.EMAIL, address=address).first()
    if suppressed is not None:
        raise CannotAsk(_("Nothing is sent to this address: %(reason)s") % {"reason": suppressed.reason})
    return ask(address=customer.email, topic=topic, now=now, customer=customer)


def ask(*, address: str, topic: Topic, now: datetime, customer: Customer | None = None) -> Confirmation | None:
    """A row that waits, and its mail a moment later; None where the address was asked often enough. `customer`: who was
    asked, where that is known. Raises CannotAsk for what is no address."""
    folded = folding.email(address)
    if folded is None:
        raise CannotAsk(_("This is no e-mail address. Write it like name@example.com."))
    with transaction.atomic():
        locks.wait_for([locks.key_of(locks.IDENTITY, f"sign-up:{folded}")])
        before = Confirmation.objects.filter(address=folded)
        if before.filter(topic=topic, asked_at__gt=now - AGAIN_AFTER).exists():
            return None
        if before.filter(asked_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
            return None
        return Confirmation.objects.create(
            address=folded,
            channel=Way.EMAIL,
            topic=topic,
            customer=customer,
            wording=wording(topic, CompanySettings.current()),
            asked_at=now,
            expires_at=now + CONFIRM_WITHIN,
            mail_due_at=now if settings.EMAIL_URL else None,
        )


def link(confirmation: Confirmation) -> str:
    return links.url("confirm", "confirm", confirmation.pk)


def mail_due(*, now: datetime) -> int:
    """Sends what is due; returns how many went out. One that was not taken is tried again when its lease is over."""
    sent = 0
    for confirmation in _claim(now):
        if _mail(confirmation):
            done = Confirmation.objects.filter(pk=confirmation.pk, mail_due_at=now + LEASE)
            sent += done.update(mail_due_at=None)
    return sent


@transaction.atomic
def _claim(now: datetime) -> list[Confirmation]:
    due = Confirmation.objects.filter(mail_due_at__lte=now).select_related("topic")
    claimed = list(due.select_for_update(of=("self",), skip_locked=True).order_by("mail_due_at", "pk")[:_AT_ONCE])
    alive = [one.pk for one in claimed if one.expires_at > now and one.confirmed_at is None]
    suppressed = set(
        Suppression.objects.in_force(now)
        .filter(channel=Way.EMAIL, address__in=[one.address for one in claimed])
        .values_list("address", flat=True)
    )
    wanted = [one for one in claimed if one.pk in alive and one.address not in suppressed]
    Confirmation.objects.filter(pk__in=[one.pk for one in claimed]).update(mail_due_at=None)
    Confirmation.objects.filter(pk__in=[one.pk for one in wanted]).update(mail_due_at=now + LEASE)
    return wanted


def _mail(confirmation: Confirmation) -> bool:
    """Says what was asked for and nothing else."""
    company = CompanySettings.current()
    lines = [
        _("Somebody, probably you, typed this address and asked for this:"),
        f"“{confirmation.wording}”",
        _("If it was you, confirm it here within three days:"),
        link(confirmation),
        _("If it was not you, do nothing: you will not hear from us."),
        "\n".join(part for part in (company.name, company.postal_address) if part),
    ]
    subject = _("Please confirm your address for %(company)s") % {"company": company.name}
    return mails.send(to=confirmation.address, subject=subject, text="\n\n".join(lines))


def confirm(*, confirmation: Confirmation, now: datetime) -> bool:
    """Whether it is confirmed now, also when it was before. The consent is kept with its wording; the customer is the
    one who was asked, else who goes by this address, made where nobody does. Where several do, the address alone has
    said yes."""
    return retrying.thrice(lambda: _confirm(confirmation.pk, now))


@transaction.atomic
def _confirm(pk: int, now: datetime) -> bool:
    row = Confirmation.objects.select_for_update(of=("self",)).select_related("topic").filter(pk=pk).first()
    if row is None or (row.confirmed_at is None and row.expires_at <= now):
        return False
    if row.confirmed_at is not None:
        return True
    row.confirmed_at, row.mail_due_at = now, None
    row.save(update_fields=["confirmed_at", "mail_due_at"])
    customer = _customer_of(row, now)
    consents.record(
        customer=customer,
        channel=row.channel,
        topic=row.topic,
        choice=Choice.IN,
        at=now,
        address=row.address,
        evidence=f"double opt-in: “{row.wording}”; asked {row.asked_at:%Y-%m-%d %H:%M} UTC, confirmed by the link in "
        f"the mail to this address (confirmation {row.pk})",
    )
    if customer is not None:
        _tell(customer, row, now)
    return True


def _customer_of(row: Confirmation, now: datetime) -> Customer | None:
    address = row.address
    locks.wait_for([locks.key_of(locks.IDENTITY, f"email:{address}")])
    key = (IdentityKind.EMAIL.value, address)
    owners = finding.known([key]).owners.get(key, {})
    verified = [pk for pk, is_verified in owners.items() if is_verified]
    asked = row.customer_id if row.customer_id in owners else None
    if asked is None and len(owners) > 1 and len(verified) != 1:
        return None
    if not owners:
        customer = Customer.objects.create(email=address, is_identified=True, first_seen_at=now, last_activity_at=now)
        Identity.objects.create(kind=IdentityKind.EMAIL, value=address, customer=customer, created_at=now)
    else:
        one = asked or (verified[0] if len(verified) == 1 else next(iter(owners)))
        customer = Customer.objects.get(pk=one)
    if asked is None or len(owners) == 1:  # of several who share it, none is the only owner
        Identity.objects.filter(customer=customer, kind=IdentityKind.EMAIL, value=address).update(is_verified=True)
    return customer


def _tell(customer: Customer, row: Confirmation, now: datetime) -> None:
    log.record(
        customer_id=customer.pk,
        event=Event.SUBSCRIBED.value,
        by=By.CUSTOMER,
        channel=Channel(row.channel),
        at=now,
        received_at=now,
        message_id=f"subscribed:{row.pk}",
        properties={"topic": row.topic.key},
    )
