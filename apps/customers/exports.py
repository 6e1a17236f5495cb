"""Customers, companies and consents out to a file. What goes out can come in again and changes nothing."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy

from apps.core.transfers import Exporter, Option, Slice, own_column, text_of
from apps.customers.enums import IdentityKind
from apps.customers.models import Company, CompanyMember, Consent, Customer, Identity, Membership, Segment
from apps.customers.transfers import ZONES

MOST_TRAIT_COLUMNS = 60
_LOOKED_AT = 50_000
# Excel in English opens these headings, and an import knows them again by name.
_CUSTOMER_HEADER = (
    "Milepost number", "External id", "E-mail", "Phone", "Name", "Country", "Time zone", "Tags", "Owner", "Company",
    "Company: external id", "Role at the company", "Status", "First seen", "Last activity",
)  # fmt: skip
_REST = "Traits as JSON"


def segments() -> list[tuple[str, str]]:
    return [(str(one.pk), one.name) for one in Segment.objects.order_by("name", "pk")]


class CustomersExporter(Exporter):
    label = gettext_lazy("Customers")
    help = gettext_lazy("Everybody who is known by an id, an e-mail or a phone number, with their traits.")
    icon = "users"
    options = (Option("segment", gettext_lazy("Segment"), gettext_lazy("Empty means everybody."), choices=segments),)

    def header(self, options: dict[str, str]) -> list[str]:
        return [*_CUSTOMER_HEADER, *(own_column(key) for key in _plain_traits("customers_customer")), _REST]

    def count(self, options: dict[str, str]) -> int:
        return _customers(options).count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        external = Identity.objects.filter(kind=IdentityKind.EXTERNAL).order_by("pk")
        members = CompanyMember.objects.select_related("company").order_by("pk")
        rows = list(
            _customers(options)
            .filter(pk__gt=after)
            .select_related("owner")
            .prefetch_related(
                Prefetch("identities", external, to_attr="external_ids"),
                Prefetch("companies", members, to_attr="member_of"),
            )
            .order_by("pk")[:limit]
        )
        own = _own_keys(header)
        return Slice([_customer(row, own) for row in rows], rows[-1].pk if len(rows) == limit else None)


def _customers(options: dict[str, str]) -> QuerySet[Customer]:
    found = Customer.objects.present().known()
    segment = options.get("segment")
    if not segment:
        return found
    return found.filter(pk__in=Membership.objects.current().filter(segment_id=int(segment)).values("customer"))


def _customer(row: Any, own: list[str]) -> list[str]:
    member = row.member_of[0] if row.member_of else None
    return [
        str(row.pk),
        row.external_ids[0].value if row.external_ids else "",
        row.email,
        row.phone,
        row.name,
        row.country if len(row.country) == 2 else "",
        row.time_zone if row.time_zone in ZONES else "",
        ", ".join(row.tags),
        row.owner.email if row.owner else "",
        member.company.name if member else "",
        member.company.external_id or "" if member else "",
        member.role if member else "",
        row.status,
        row.first_seen_at.isoformat(),
        row.last_activity_at.isoformat(),
        *traits_cells(row.traits, own),
    ]


def _own_keys(header: Iterable[str]) -> list[str]:
    start = own_column("")
    return [name.removeprefix(start) for name in header if name.startswith(start)]


def traits_cells(traits: dict[str, Any], own: list[str]) -> list[str]:
    """Plain values in columns of their own, the rest as JSON: what a column cannot give back exactly stays there."""
    plain = {key: traits[key] for key in own if key in traits and is_plain(traits[key])}
    rest = {key: value for key, value in traits.items() if key not in plain and value is not None}
    return [*(text_of(plain.get(key)) for key in own), json.dumps(rest, ensure_ascii=False) if rest else ""]


def is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value != "")


def _plain_traits(table: str) -> list[str]:
    """The names of the most used plain traits, among the newest rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM (SELECT traits FROM " + table + " WHERE traits <> '{}' ORDER BY id DESC LIMIT %s) newest,"  # noqa: S608 - one of our own tables
            " jsonb_each(traits) WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')"
            " AND length(key) <= 100 AND key = btrim(key) AND key <> ''"
            " GROUP BY key ORDER BY count(*) DESC, key LIMIT %s",
            [_LOOKED_AT, MOST_TRAIT_COLUMNS],
        )
        return [row[0] for row in cursor.fetchall()]


class CompaniesExporter(Exporter):
    label = gettext_lazy("Companies")
    help = gettext_lazy("The firms that customers belong to, with their traits.")
    icon = "building-2"

    def header(self, options: dict[str, str]) -> list[str]:
        fixed = ["External id", "Name", "Domain", "Country", "Owner"]
        return [*fixed, *(own_column(key) for key in _plain_traits("customers_company")), _REST]

    def count(self, options: dict[str, str]) -> int:
        return Company.objects.count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        rows = list(Company.objects.filter(pk__gt=after).select_related("owner").order_by("pk")[:limit])
        own = _own_keys(header)
        found = [
            [
                row.external_id or "",
                row.name,
                row.domain,
                row.country,
                row.owner.email if row.owner else "",
                *traits_cells(row.traits, own),
            ]
            for row in rows
        ]
        return Slice(found, rows[-1].pk if len(rows) == limit else None)


class ConsentsExporter(Exporter):
    label = gettext_lazy("Consents")
    help = gettext_lazy("Every recorded yes and no, with its evidence.")
    icon = "file-check"

    def header(self, options: dict[str, str]) -> list[str]:
        return [
            "Milepost number", "External id", "E-mail", "Address", "Consent: channel", "Consent: topic",
            "Consent: choice", "Consent: evidence", "Consent: time",
        ]  # fmt: skip

    def count(self, options: dict[str, str]) -> int:
        return Consent.objects.count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        external = Identity.objects.filter(kind=IdentityKind.EXTERNAL).order_by("pk")
        rows = list(
            Consent.objects.filter(pk__gt=after)
            .select_related("customer", "topic")
            .prefetch_related(Prefetch("customer__identities", external, to_attr="external_ids"))
            .order_by("pk")[:limit]
        )
        return Slice([_consent(row) for row in rows], rows[-1].pk if len(rows) == limit else None)


def _consent(row: Consent) -> list[str]:
    customer: Any = row.customer
    return [
        str(customer.pk) if customer else "",
        customer.external_ids[0].value if customer and customer.external_ids else "",
        customer.email if customer else "",
        row.address,
        row.channel,
        row.topic.key if row.topic else "everything",
        "yes" if row.choice == "in" else "no",
        row.evidence,
        row.at.isoformat(),
    ]
