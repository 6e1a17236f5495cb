"""People and companies from a file, set-wise. The caller holds the identity locks and has the rows of the customers
locked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core import actions as changes
from apps.core import locks
from apps.core.enums import Origin
from apps.customers.actions import consents, identities
from apps.customers.enums import Choice, IdentityKind
from apps.customers.finding import Key
from apps.customers.models import Company, CompanyMember, Customer, Identity, Topic
from apps.staff.models import User

_OWN_FIELDS = ("name", "country", "time_zone")


@dataclass
class Person:
    """What is to be written about one customer; what is empty stays as it is. `customer` None: a new one."""

    customer: Customer | None
    external_id: str = ""
    email: str = ""
    phone: str = ""
    name: str = ""
    country: str = ""
    time_zone: str = ""
    traits: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    owner_id: int | None = None
    company: Company | None = None
    role: str = ""
    answer: "Consented | None" = None


@dataclass(frozen=True)
class Consented:
    channel: str
    topic: Topic | None
    choice: Choice
    evidence: str
    at: datetime
    address: str = ""


def lock(keys: Iterable[Key]) -> None:
    """Until the end of the transaction, in sorted order; the same locks that stitching takes."""
    locks.wait_for([locks.key_of(locks.IDENTITY, f"{kind}:{value}") for kind, value in keys])


def locked(customer_ids: Iterable[int]) -> dict[int, Customer]:
    """The customers as they are now, and as they stay: those who stitch to their ids wait as well."""
    wanted = list(customer_ids)
    ids = Identity.objects.filter(customer_id__in=wanted, kind__in=[IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS])
    lock(ids.values_list("kind", "value"))
    rows = Customer.objects.filter(pk__in=wanted).order_by("pk").select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows}


def save_people(*, people: Sequence[Person], by: User | None, now: datetime) -> list[Customer]:
    """The customers, in order. Records a change of each, of origin import."""
    new = [person for person in people if person.customer is None]
    for person in new:
        person.customer = Customer(is_identified=True, first_seen_at=now, last_activity_at=now)
    learned = [identity for person in people for identity in _put(person, now)]
    # Made whole, so that the audit has no change of what was just made.
    Customer.objects.bulk_create([_of(person) for person in new])
    customers = [_of(person) for person in people]
    identities.save_learned(customers, learned)
    made = {_of(person).pk for person in new}
    tended = [p for p in people if (p.tags or p.owner_id) and _of(p).pk not in made]
    Customer.objects.bulk_update([_of(person) for person in tended], ["tags", "owner"])
    _save_members([person for person in people if person.company is not None])
    for person in people:
        if person.answer is not None:
            record(person.answer, customer=_of(person), by=by)
    look_again(one.pk for one in customers)
    return customers


def look_again(customer_ids: Iterable[int]) -> None:
    """The pipeline sees what an import did, and no campaign fires by it."""
    changes.record_changes(customer_ids=sorted(set(customer_ids)), origin=Origin.IMPORT)


def record(answer: Consented, *, customer: Customer | None, by: User | None) -> None:
    consents.record(
        customer=customer,
        channel=answer.channel,
        topic=answer.topic,
        choice=answer.choice,
        at=answer.at,
        address=answer.address,
        evidence=answer.evidence,
        by=by,
        origin=Origin.IMPORT,
    )


def _of(person: Person) -> Customer:
    assert person.customer is not None  # noqa: S101 - made by save_people
    return person.customer


def _put(person: Person, now: datetime) -> list[Identity]:
    """Puts it on the customer and returns the identities it brings."""
    customer = _of(person)
    for name in _OWN_FIELDS:
        setattr(customer, name, getattr(person, name) or getattr(customer, name))
    customer.traits = {**customer.traits, **person.traits}
    customer.tags = [*customer.tags, *(tag for tag in person.tags if tag not in customer.tags)]
    customer.owner_id = person.owner_id or customer.owner_id
    addresses = {"email": person.email, "phone": person.phone}
    found = identities.learn(customer, addresses, may_reach=True, at=now)
    if person.external_id:
        customer.is_identified = True
        found.append(Identity(kind=IdentityKind.EXTERNAL, value=person.external_id, customer=customer, created_at=now))
    return found


def _save_members(people: Sequence[Person]) -> None:
    Company.objects.bulk_create({id(p.company): p.company for p in people if p.company and not p.company.pk}.values())
    members = [CompanyMember(company=p.company, customer=p.customer, role=p.role) for p in people]
    with_role = [member for member in members if member.role]
    CompanyMember.objects.bulk_create([m for m in members if not m.role], ignore_conflicts=True)
    CompanyMember.objects.bulk_create(
        with_role, update_conflicts=True, unique_fields=["company", "customer"], update_fields=["role"]
    )
