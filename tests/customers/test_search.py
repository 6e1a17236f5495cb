import pytest
from django.db import connection

from apps.customers import selectors
from apps.customers.actions.identities import Claim
from apps.customers.models import Customer, SearchTerm
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.wire import Item
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe(now):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    traits = {"name": "Zoë Ångström", "email": "Zoe.A@Mail.example", "phone": "+46701740605"}
    items = [
        Item(Claim("cus_81F2", traits=traits), "m1", now, "Identify", By.MACHINE, None, traits, {}),
        Item(Claim("cus_81F2"), "m2", now, "Order Completed", By.CUSTOMER, None, {"order_id": "A-4711"}, {}),
    ]
    ingest.store(source=source, items=items, received_at=now)
    CustomerFactory.create_batch(3)
    return Customer.objects.get(name="Zoë Ångström")


@pytest.mark.parametrize(
    "text", ["zoe", "ZOË Å", "ångst", "zoe.a@", "+4670174", "cus_81F2", "cus_8", "a-47", "A-4711", " zoe  ang "]
)
def test_found_by_the_beginning_of(zoe, text):
    assert zoe in selectors.search(text=text)


@pytest.mark.parametrize("text", ["", "   ", "x\x00y", "%", "_", "oë", "' OR 1=1 --", "\U0010ffff", "9" * 40])
def test_not_found_by(zoe, text):
    assert zoe not in selectors.search(text=text)


def test_found_by_its_number(zoe):
    assert selectors.search(text=str(zoe.pk))[0] == zoe


def test_a_gone_customer_is_not_found(zoe):
    Customer.objects.filter(pk=zoe.pk).update(merged_into=Customer.objects.exclude(pk=zoe.pk).first())
    assert selectors.search(text="zoe") == []


def test_the_plan_uses_the_indexes_and_never_counts(django_assert_max_num_queries):
    customer = CustomerFactory()
    SearchTerm.objects.bulk_create(SearchTerm(term=f"term {n:05}", customer=customer) for n in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_searchterm; ANALYZE customers_identity")
        parameters = {
            "from": "term 00",
            "to": "term 00\U0010ffff",
            "from_term": "term 00",
            "to_term": "term 00\U0010ffff",
        }
        cursor.execute("EXPLAIN " + selectors._SEARCH, {**parameters, "scan": 60})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "search_term_once" in plan
    assert "Seq Scan on customers_searchterm" not in plan
    with django_assert_max_num_queries(3):
        selectors.search(text="term 00")
