"""Which pairs are suggested, with which reasons, and which never."""

import pytest
from django.core.management import call_command

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.customers import folding
from apps.customers.actions import companies, duplicates
from apps.customers.models import Customer, Duplicate, Identity, SearchTerm
from tests.factories import CustomerFactory
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


def person(name: str = "", *, email: str = "", phone: str = "", country: str = "", company: str = "") -> Customer:
    customer = CustomerFactory(name=name, email=email, phone=phone, country=country)
    if phone:
        Identity.objects.create(kind="phone", value=phone, customer=customer)
    SearchTerm.objects.bulk_create(SearchTerm(term=t, customer=customer) for t in folding.name_terms(name))
    if company:
        firm, _made = companies.Company.objects.get_or_create(name=company)
        companies.add_member(company=firm, customer=customer, role="")
    return customer


def found(now, *people: Customer) -> dict[tuple[int, int], list[str]]:
    duplicates.find(customer_ids=[one.pk for one in people], now=now)
    return {(row.first_id, row.second_id): row.reasons for row in Duplicate.objects.all()}


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        ({"name": "Ann Price", "email": "a@x.example"}, {"name": "Bo Lind", "email": "a@x.example"}, ["email"]),
        ({"name": "Ann Price", "email": "a@x.example"}, {"name": "Price Ann", "email": "a@x.example"},
         ["email", "names_alike"]),
        ({"email": "ann.price@x.example"}, {"email": "annprice+news@x.example"}, ["mailbox"]),
        ({"name": "Ann", "phone": "+46701740605"}, {"name": "A.", "phone": "+46701740605"}, ["phone"]),
        ({"name": "Ann Price", "company": "Acme"}, {"name": "ÁNN  PRICE", "company": "Acme"},
         ["name_and_company", "names_alike"]),
        ({"name": "Ann Price", "country": "SE"}, {"name": "Ann Price", "country": "SE"},
         ["name_and_country", "names_alike"]),
    ],
)  # fmt: skip
def test_suggested(now, first, second, reasons):
    one, other = person(**first), person(**second)
    assert found(now, other) == {(one.pk, other.pk): reasons}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "Ann Price"}, {"name": "Ann Price"}),
        ({"name": "Ann Price", "country": "SE"}, {"name": "Ann Price", "country": "NO"}),
        ({"name": "Ann", "country": "SE"}, {"name": "Ann", "country": "SE"}),
        ({"name": "Mary Ann Price", "country": "SE"}, {"name": "Ann Price", "country": "SE"}),
        ({"email": "ann@x.example"}, {"email": "ann@y.example"}),
        ({"email": "+x@x.example"}, {"email": "ann@x.example"}),
    ],
)
def test_not_suggested(now, first, second):
    one, other = person(**first), person(**second)
    assert found(now, one, other) == {}


def test_never_a_visitor_without_any_identity(now):
    visitor = CustomerFactory(anonymous=True, country="SE")
    visitor.name = "Ann Price"
    visitor.save()
    person("Ann Price", country="SE")
    assert found(now, visitor) == {}


@pytest.mark.parametrize(("sharing", "pairs"), [(20, 190), (21, 0)])
def test_what_very_many_share_says_nothing(now, sharing, pairs):
    people = [person(email="desk@x.example", phone="") for _ in range(sharing)]
    assert len(found(now, *people)) == pairs


def test_dismissed_stays_dismissed(now):
    one, other = person(email="a@x.example"), person(email="a@x.example")
    found(now, one)
    duplicates.dismiss(duplicate=Duplicate.objects.get(), by=None, now=now)
    found(now, one, other)
    assert Duplicate.objects.get().dismissed_at == now


def test_a_pair_that_is_alike_no_more_goes(now):
    one, other = person(email="a@x.example"), person(email="a@x.example")
    found(now, one)
    Identity.objects.filter(customer=other).update(value="b@x.example")
    assert found(now, one) == {}


def test_by_the_pipeline_and_by_the_command(now, capsys):
    one, other = person(email="a@x.example"), person(email="a@x.example")
    changes.record_changes(customer_ids=[one.pk], origin=Origin.LIVE)
    drain(now)
    assert Duplicate.objects.get().second_id == other.pk
    Duplicate.objects.all().delete()
    call_command("find_duplicates")
    assert Duplicate.objects.get().second_id == other.pk
    assert "1 pairs" in capsys.readouterr().out


def test_the_number_of_questions_does_not_grow(now, django_assert_max_num_queries):
    people = [person(f"Ann {n}", email=f"a{n % 10}@x.example") for n in range(20)]
    with django_assert_max_num_queries(6):
        duplicates.find(customer_ids=[one.pk for one in people], now=now)
    assert Duplicate.objects.count() == 10
