"""What staff change on a customer by hand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import actions as changes
from apps.core import locks, retrying
from apps.core.enums import Origin
from apps.customers import folding
from apps.customers.actions import duplicates
from apps.customers.enums import IdentityKind
from apps.customers.models import Customer, Identity, SearchTerm

FIELDS = ("name", "email", "phone", "country", "time_zone", "tags", "owner")
MOST_TAGS = 50


class Moved(ValueError):
    """The customer was merged or erased meanwhile."""


def change(*, customer: Customer, to: dict[str, Any], now: datetime) -> Customer:
    """`to` has new values for some of FIELDS, checked and folded. A new e-mail or phone becomes an identity; others who
    have it are suggested as duplicates, never merged. Raises Moved."""
    return retrying.thrice(lambda: _change(customer.pk, to, now))


@transaction.atomic
def _change(pk: int, to: dict[str, Any], now: datetime) -> Customer:
    locks.wait_for_customers([pk])
    customer = Customer.objects.present().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if customer is None:
        raise Moved(_("This customer was merged or erased meanwhile. Look for them again."))
    before = customer.name
    wanted = {name: value for name, value in to.items() if name in FIELDS and getattr(customer, name) != value}
    if not wanted:
        return customer
    for name, value in wanted.items():
        setattr(customer, name, value)
    if wanted.get("email") or wanted.get("phone"):
        customer.is_identified = True
    customer.save(update_fields=[*wanted, "is_identified"])
    _follow_addresses(customer, wanted, now)
    _follow_name(customer, before)
    duplicates.find(customer_ids=[pk], now=now)
    changes.record_changes(customer_ids=[pk], origin=Origin.STAFF)
    return customer


def _follow_addresses(customer: Customer, wanted: dict[str, Any], now: datetime) -> None:
    Identity.objects.bulk_create(
        (
            Identity(kind=kind, value=wanted[kind.value], customer=customer, created_at=now)
            for kind in (IdentityKind.EMAIL, IdentityKind.PHONE)
            if wanted.get(kind.value)
        ),
        ignore_conflicts=True,
    )


def _follow_name(customer: Customer, before: str) -> None:
    """Found by the new name, and by the old one no more."""
    old, new = folding.name_terms(before), folding.name_terms(customer.name)
    SearchTerm.objects.filter(customer=customer, term__in=old - new).delete()
    SearchTerm.objects.bulk_create(
        (SearchTerm(term=term, customer=customer) for term in sorted(new - old)), ignore_conflicts=True
    )


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Trimmed, each once, in order. Raises ValueError for one that is too long, and for too many."""
    found = list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
    if any(len(tag) > 50 or "\x00" in tag for tag in found):
        raise ValueError(_("A tag may have at most 50 characters."))
    if len(found) > MOST_TAGS:
        raise ValueError(_("A customer may have at most %(most)s tags.") % {"most": MOST_TAGS})
    return found


def tag(*, customer: Customer, add: str = "", remove: str = "", now: datetime) -> Customer:
    """Raises Moved, and ValueError for a tag that cannot be."""
    kept = [one for one in customer.tags if one != remove]
    return change(customer=customer, to={"tags": clean_tags([*kept, *([add] if add else [])])}, now=now)
