"""Firms that customers belong to, and in which role."""

from typing import Any

from django.db import transaction

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.customers.models import Company, CompanyMember, Customer


@transaction.atomic
def create(*, fields: dict[str, Any]) -> Company:
    """`fields` are checked; an external id belongs to one company."""
    return Company.objects.create(**fields)


@transaction.atomic
def change(*, company: Company, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(company, name, value)
    company.save(update_fields=list(fields))


@transaction.atomic
def delete(*, company: Company) -> None:
    """Its people stay."""
    people = list(company.members.values_list("customer_id", flat=True))
    company.delete()
    changes.record_changes(customer_ids=people, origin=Origin.REBUILD)


@transaction.atomic
def add_member(*, company: Company, customer: Customer, role: str) -> CompanyMember:
    """In one role at a time: a second call changes it."""
    member, _made = CompanyMember.objects.update_or_create(
        company=company, customer=customer, defaults={"role": role.strip()}
    )
    changes.record_changes(customer_ids=[customer.pk], origin=Origin.STAFF)
    return member


@transaction.atomic
def remove_member(*, company: Company, customer_id: int) -> bool:
    removed, _by_model = CompanyMember.objects.filter(company=company, customer=customer_id).delete()
    if removed:
        changes.record_changes(customer_ids=[customer_id], origin=Origin.STAFF)
    return bool(removed)
