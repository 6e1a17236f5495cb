"""People, their merges and their companies, for the walk over all URLs."""

from datetime import datetime

from apps.customers.actions import companies, duplicates, merges
from apps.customers.models import Duplicate
from tests.factories import CustomerFactory


def of_people(now: datetime) -> dict[str, dict]:
    ann, bea = (CustomerFactory(email="home@mail.example") for _ in range(2))
    duplicates.find(customer_ids=[ann.pk], now=now)
    pair = {"pk": Duplicate.objects.get(first=ann).pk}
    undone, undone_by_api = ({"pk": _merged(now)} for _ in range(2))
    person, company = {"pk": ann.pk}, companies.create(fields={"name": "Acme"})
    companies.add_member(company=company, customer=ann, role="Buyer")
    firm, spare = {"pk": company.pk}, {"pk": companies.create(fields={"name": "Spare"}).pk}
    member = {**firm, "customer": ann.pk}
    return {
        "merge_choose": person, "merge_confirm": {**person, "other": bea.pk}, "merge_undo": undone,
        "duplicate_dismiss": pair, "customer_edit": person, "customer_tag": person, "customer_erase": person,
        "customer_export": person, "customer_company": person, "company_detail": firm, "company_edit": firm,
        "company_delete": spare, "company_member_add": firm, "company_member_remove": member,
        "api_customer_detail": person, "api_customer_merge": person, "api_customer_erase": person,
        "api_customer_export": person, "api_merge_undo": undone_by_api, "api_duplicate_dismiss": pair,
        "api_company_detail": firm, "api_company_members": firm, "api_company_member": member,
    }  # fmt: skip


def _merged(now: datetime) -> int:
    kept, gone = CustomerFactory(), CustomerFactory()
    return merges.merge(kept=kept, gone=gone, reason="Same person", by=None, now=now).pk
