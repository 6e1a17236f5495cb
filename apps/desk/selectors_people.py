"""Companies and their people, and what else the customer page shows of a person beside the journey."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core import keyset, registry
from apps.customers import suggestions
from apps.customers.actions import erasing
from apps.customers.models import Company, CompanyMember, Customer, Erasure
from apps.desk import selectors, selectors_merging

PAGE = 50
SUGGESTED = 200


@dataclass(frozen=True)
class CustomerPeople:
    companies: list[CompanyMember]
    duplicates: list[selectors_merging.ListedDuplicate]
    merges: list[selectors_merging.ListedMerge]
    tag_suggestions: list[str]


def customer_people(customer: Customer, *, now: datetime) -> CustomerPeople:
    members = customer.companies.select_related("company").order_by("company__name", "pk")
    return CustomerPeople(
        companies=list(members[:PAGE]),
        duplicates=selectors_merging.duplicates_of(customer=customer),
        merges=selectors_merging.merges_of(customer=customer, now=now),
        tag_suggestions=[tag for tag, _label in suggestions.tags() if tag not in customer.tags],
    )


@dataclass(frozen=True)
class CompanyPage:
    rows: list[Company]
    next_cursor: str | None


def company_list(*, text: str, cursor: str | None) -> CompanyPage:
    """Newest first, or the first of those whose name begins with the text. Raises keyset.BadCursor."""
    rows = Company.objects.select_related("owner")
    if text:
        return CompanyPage(list(rows.filter(name__istartswith=text).order_by("name", "pk")[:PAGE]), None)
    page = keyset.newest_first(rows, time_field="created_at", cursor=cursor, size=PAGE)
    return CompanyPage(page.rows, page.next_cursor)


@dataclass(frozen=True)
class Member:
    member: CompanyMember
    stages: Sequence[tuple[str, bool]]  # name, overdue


@dataclass(frozen=True)
class Members:
    rows: list[Member]
    next_cursor: str | None


def members(company: Company, *, cursor: str | None) -> Members:
    """Raises keyset.BadCursor."""
    rows = company.members.select_related("customer__persona")
    page = keyset.newest_first(rows, time_field="created_at", cursor=cursor, size=PAGE)
    stages = {row.customer.pk: row.stages for row in selectors.listed([m.customer_id for m in page.rows])}
    return Members([Member(m, stages.get(m.customer_id, [])) for m in page.rows], page.next_cursor)


def company_names() -> list[str]:
    return list(Company.objects.order_by("-created_at", "-pk").values_list("name", flat=True)[:SUGGESTED])


@dataclass(frozen=True)
class Kind:
    label: str
    count: int


def what_goes(customer: Customer) -> list[Kind]:
    """By kind, what an erasure deletes; the most first."""
    by_label: dict[str, int] = {}
    for key, count in erasing.counts(customer_ids=erasing.chain(customer.pk)).items():
        label = str(registry.personal_rows[key].label)
        by_label[label] = by_label.get(label, 0) + count
    return [Kind(label, count) for label, count in sorted(by_label.items(), key=lambda item: (-item[1], item[0]))]


@dataclass(frozen=True)
class ListedErasure:
    erasure: Erasure
    rows: int


@dataclass(frozen=True)
class ErasurePage:
    rows: list[ListedErasure]
    next_cursor: str | None


def erasure_page(*, cursor: str | None) -> ErasurePage:
    """Raises keyset.BadCursor."""
    rows = Erasure.objects.select_related("by")
    page = keyset.newest_first(rows, time_field="at", cursor=cursor, size=PAGE)
    return ErasurePage([ListedErasure(row, sum(row.counts.values())) for row in page.rows], page.next_cursor)
