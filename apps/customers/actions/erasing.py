"""Erasing a person: every row that is about them goes, in one transaction. What stays, and why: docs/people.md."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pghistory.models
import pgtrigger
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from apps.core import registry, retrying
from apps.core.registry import Person
from apps.customers import erased, folding
from apps.customers.actions import merges, moved
from apps.customers.enums import IdentityKind
from apps.customers.models import Consent, Customer, ErasedIdentity, Erasure, Identity
from apps.staff.models import User

type Key = tuple[str, str]  # kind, folded value


class NotErasable(ValueError):
    """Nothing was erased; the text says why."""


def erase(*, customer: Customer, by: User | None, reason: str, now: datetime) -> Erasure:
    """The customer and all who were merged into them. Waits for a message that is being handed over. Raises
    NotErasable, also when somebody else was faster."""
    person = person_of(customer_ids=chain(customer.pk))
    if any(name.lower() in reason.lower() for name in person.names if len(name) >= 3):
        raise NotErasable(_("Leave the person's name and address out of the reason: the receipt is kept."))
    for handler in registry.before_erase_handlers:
        handler(person)
    return retrying.thrice(lambda: _erase(customer.pk, by, reason, now))


def chain(customer_id: int) -> list[int]:
    """The customer and all who were merged into them; empty when they are no longer here."""
    whole = Q(pk=customer_id) | Q(merged_into=customer_id)
    return list(Customer.objects.filter(whole).order_by("pk").values_list("pk", flat=True))


def person_of(*, customer_ids: list[int]) -> Person:
    keys = _keys(customer_ids)
    names = Customer.objects.filter(pk__in=customer_ids).values_list("name", flat=True)
    words = {value for _kind, value in keys} | {name for name in names if " " in name.strip()}
    addresses = {value for kind, value in keys - _shared(keys, customer_ids) if kind in _ADDRESSED}
    return Person(customer_ids, sorted(words), sorted(addresses))


_ADDRESSED = {IdentityKind.EMAIL.value, IdentityKind.PHONE.value}


def _keys(customer_ids: list[int]) -> set[Key]:
    """All by which they were known, and the addresses they answered for."""
    keys = set(Identity.objects.filter(customer__in=customer_ids).values_list("kind", "value"))
    customers = Customer.objects.filter(pk__in=customer_ids)
    for email, phone in customers.values_list("email", "phone"):
        keys |= {("email", folding.address(channel="email", value=email)), ("phone", phone)}
    consents = Consent.objects.filter(customer__in=customer_ids).exclude(address="")
    for channel, address in consents.values_list("channel", "address"):
        keys.add(("email" if channel == "email" else "phone", address))
    return {(kind, value) for kind, value in keys if value}


def _shared(keys: set[Key], customer_ids: list[int]) -> set[Key]:
    """Addresses that somebody else goes by too: they stay in use, with what was said about them."""
    others = Identity.objects.filter(kind__in=_ADDRESSED, value__in=[value for _kind, value in keys])
    others = others.filter(customer__merged_into=None).exclude(customer__in=customer_ids)
    return keys & set(others.values_list("kind", "value"))


@transaction.atomic
def _erase(customer_id: int, by: User | None, reason: str, now: datetime) -> Erasure:
    merges.hold(customer_ids=chain(customer_id))
    ids = chain(customer_id)
    if not Customer.objects.present().filter(pk=customer_id).exists():
        raise NotErasable(_("This customer is no longer here."))
    keys = _keys(ids)
    person = person_of(customer_ids=ids)
    audit = _audit_of(ids)
    counts = {key: handler(ids) for key, handler in registry.erase_handlers.items()}
    counts |= {name: handler(person) for name, handler in registry.forget_handlers.items()}
    counts["audit"] = sum(delete_events(model, wanted) for model, wanted in audit)
    receipt = Erasure.objects.create(customer_id=customer_id, reason=reason, by=by, at=now)
    _remember(keys - _shared(keys, ids), receipt)
    _delete_customers(ids)
    receipt.counts = {"customers.Customer": len(ids), **{name: count for name, count in counts.items() if count}}
    receipt.save(update_fields=["counts"])
    return receipt


def _remember(keys: set[Key], receipt: Erasure) -> None:
    """Keyed hashes only."""
    ErasedIdentity.objects.bulk_create(
        (ErasedIdentity(digest=erased.digest(key), kind=key[0], erasure=receipt) for key in sorted(keys)),
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erasure"],
    )


def _delete_customers(ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET merged_into_id = NULL WHERE id = ANY(%s)", [ids])
        cursor.execute("DELETE FROM customers_customer WHERE id = ANY(%s)", [ids])


def counts(*, customer_ids: list[int]) -> dict[str, int]:
    """Rows about the person by "app.Model.field", without those of which there are none."""
    found = {}
    for key in registry.erase_handlers:
        label, _dot, name = key.rpartition(".")
        rows = apps.get_model(label)._default_manager.filter(**{f"{name}__in": customer_ids})  # noqa: SLF001
        if count := rows.count():
            found[key] = count
    return found


def rows_of(model: type[Model], field_name: str) -> registry.EraseHandler:
    """Deletes the rows of the model and what hangs on them."""

    def delete(customer_ids: list[int]) -> int:
        rows = model._default_manager.filter(**{f"{field_name}__in": customer_ids})  # noqa: SLF001 - Django's own name
        _all, by_model = rows.delete()
        return by_model.get(model._meta.label, 0)  # noqa: SLF001 - Django's public _meta

    return delete


def plain_rows_of(model: type[Model], field_name: str) -> registry.EraseHandler:
    """The same for large tables on which nothing hangs that is not erased by itself."""
    table, column = moved.table_of(f"{model._meta.label}.{field_name}")  # noqa: SLF001 - Django's public _meta

    def delete(customer_ids: list[int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [customer_ids])  # noqa: S608 - own names
            return int(cursor.rowcount)

    return delete


def cut_merges(customer_ids: list[int]) -> int:
    """Those merged into the person are the person; the tie goes with the rows."""
    return 0


type EventModel = type[pghistory.models.Event]


def _audit_of(ids: list[int]) -> list[tuple[EventModel, Q]]:
    """Which rows of the audit are about the person; asked before what they tell of is gone."""
    found = []
    for model in apps.get_models():
        if not issubclass(model, pghistory.models.Event) or model._meta.proxy:  # noqa: SLF001
            continue
        tracked = getattr(model, "pgh_tracked_model", None)
        if tracked is None:
            continue
        wanted = _events_about(tracked, model, ids)
        if wanted:
            found.append((model, wanted))
    return found


def _events_about(tracked: type[Model], events: EventModel, ids: list[int]) -> Q:
    wanted = Q()
    if tracked is Customer:
        return Q(pgh_obj__in=ids)
    for key in registry.erase_handlers:
        label, _dot, name = key.rpartition(".")
        if label != tracked._meta.label:  # noqa: SLF001 - Django's public _meta
            continue
        objects: Any = tracked._default_manager.filter(**{f"{name}__in": ids})  # noqa: SLF001
        wanted |= Q(pgh_obj__in=list(objects.values_list("pk", flat=True)))
        if any(field.name == name for field in events._meta.fields):  # noqa: SLF001
            wanted |= Q(**{f"{name}__in": ids})
    return wanted


def delete_events(model: EventModel, wanted: Q) -> int:
    """The audit is append-only by a trigger, which steps aside for erasures."""
    with pgtrigger.ignore(f"{model._meta.label}:append_only"):  # noqa: SLF001 - Django's public _meta
        return int(model._default_manager.filter(wanted).delete()[0])  # noqa: SLF001


def register(model: type[Model], field_name: str, *, is_plain: bool = False) -> None:
    """The usual: the rows go."""
    make: Callable[[type[Model], str], registry.EraseHandler] = plain_rows_of if is_plain else rows_of
    registry.erase(model, field_name, make(model, field_name))
