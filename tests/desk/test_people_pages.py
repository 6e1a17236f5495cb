"""Editing, tagging, exporting and erasing a customer; companies and their people."""

import json
import zipfile
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.models import Change, Job
from apps.customers import selectors
from apps.customers.actions import companies, portability
from apps.customers.models import Company, CompanyMember, Customer, Duplicate, Erasure, Identity
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory, published_shop, sent_message, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client):
    client.force_login(staff(Role.AGENT))
    return client


@pytest.fixture
def admin(client):
    client.force_login(staff(Role.ADMIN))
    return client


@pytest.fixture
def ann():
    return CustomerFactory(name="Ann Price", email="ann@mail.example", tags=["vip"])


def text(response) -> str:
    return " ".join(response.content.decode().split())


FIELDS = {"name": "", "email": "", "phone": "", "country": "", "time_zone": "", "tags": "", "owner": ""}


class TestEdit:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"email": "no address"}, "Write an e-mail address"),
            ({"email": "a@b@c.example"}, "Write an e-mail address"),
            ({"phone": "call me"}, "Write the number with its country code"),
            ({"country": "1!"}, "two letters"),
            ({"time_zone": "Mars/Crater"}, "such as Europe/Berlin"),
            ({"tags": "x" * 51}, "at most 50 characters"),
            ({"tags": ",".join(map(str, range(51)))}, "at most 50 tags"),
            ({"owner": "999999"}, "valid choice"),
            ({"name": "x" * 301}, "at most 300"),
        ],
    )
    def test_a_mistake_is_422_and_what_was_typed_stays(self, agent, ann, changes, words):
        response = agent.post(reverse("customer_edit", args=[ann.pk]), FIELDS | {"name": "Typed Name"} | changes)
        assert response.status_code == 422
        assert words in text(response)
        assert "Typed Name" in text(response) or "name" in changes
        assert Customer.objects.get(pk=ann.pk).name == "Ann Price"

    def test_all_fields(self, agent, ann):
        owner = staff(Role.AGENT)
        response = agent.post(reverse("customer_edit", args=[ann.pk]), {
            "name": "Anna Berg", "email": "Anna@Mail.example", "phone": "070-174 06 05", "country": "se",
            "time_zone": "Europe/Stockholm", "tags": "vip,  north , vip", "owner": owner.pk,
        })  # fmt: skip
        assert response.url == reverse("customer_detail", args=[ann.pk])
        ann.refresh_from_db()
        assert (ann.name, ann.email, ann.phone) == ("Anna Berg", "anna@mail.example", "+46701740605")
        assert (ann.country, ann.time_zone, ann.tags, ann.owner) == ("SE", "Europe/Stockholm", ["vip", "north"], owner)
        known = set(Identity.objects.filter(customer=ann).values_list("kind", "value"))
        assert known == {
            ("email", "ann@mail.example"), ("email", "anna@mail.example"), ("phone", "+46701740605"),
        }  # fmt: skip
        assert selectors.search(text="berg") == [ann]
        assert selectors.search(text="price") == []
        assert Change.objects.get().origin == "staff"

    def test_an_address_of_somebody_else_is_shown_as_a_duplicate(self, agent, ann):
        other = CustomerFactory(email="taken@mail.example")
        agent.post(reverse("customer_edit", args=[ann.pk]), FIELDS | {"email": "taken@mail.example"})
        assert Duplicate.objects.get().reasons == ["email"]
        assert str(other) in text(agent.get(reverse("customer_detail", args=[ann.pk])))
        assert Customer.objects.present().count() == 2

    def test_nothing_changed_records_nothing(self, agent, ann):
        same = FIELDS | {"name": "Ann Price", "email": "ann@mail.example", "tags": "vip"}
        agent.post(reverse("customer_edit", args=[ann.pk]), same)
        assert not Change.objects.exists()

    def test_a_visitor_becomes_known_by_an_address(self, agent):
        visitor = CustomerFactory(anonymous=True)
        agent.post(reverse("customer_edit", args=[visitor.pk]), FIELDS | {"email": "new@mail.example"})
        assert Customer.objects.get(pk=visitor.pk).is_identified


class TestTags:
    def test_too_long_is_422_in_the_fragment_and_kept(self, agent, ann):
        headers = {"HX-Request": "true", "HX-Target": "tags"}
        response = agent.post(reverse("customer_tag", args=[ann.pk]), {"add": "x" * 51}, headers=headers)
        assert response.status_code == 422
        assert "at most 50 characters" in text(response)
        assert "x" * 51 in text(response)

    def test_add_and_remove(self, agent, ann):
        headers = {"HX-Request": "true", "HX-Target": "tags"}
        response = agent.post(reverse("customer_tag", args=[ann.pk]), {"add": " north  side "}, headers=headers)
        assert response.content.decode().strip().startswith('<div id="tags"')
        agent.post(reverse("customer_tag", args=[ann.pk]), {"remove": "vip"})
        assert Customer.objects.get(pk=ann.pk).tags == ["north side"]

    def test_filters_of_the_list(self, agent, ann):
        CustomerFactory(name="Bo Lind")
        shown = text(agent.get(reverse("customer_list"), {"tag": "vip"}))
        assert "Ann Price" in shown
        assert "Bo Lind" not in shown
        assert "Nobody fits these filters" in text(agent.get(reverse("customer_list"), {"status": "former"}))
        assert "Ann Price" in text(agent.get(reverse("customer_list"), {"status": "nonsense", "owner": "x"}))


class TestErase:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"confirmation": "", "reason": "x"}, "required"),
            ({"confirmation": "yes", "reason": "x"}, "Type the word erase"),
            ({"confirmation": "erase", "reason": ""}, "required"),
            ({"confirmation": "erase", "reason": "Ann Price asked"}, "out of the reason"),
        ],
    )
    def test_a_slip_erases_nobody(self, admin, ann, data, words):
        response = admin.post(reverse("customer_erase", args=[ann.pk]), data)
        assert response.status_code == 422
        assert words in text(response)
        assert Customer.objects.filter(pk=ann.pk).exists()

    def test_says_what_goes_and_leaves_a_receipt(self, admin, ann, now):
        log.enter(customer=ann, event="Call", by=By.CUSTOMER, channel=Channel.PHONE, at=now, now=now, note="",
                  user=staff(Role.AGENT))  # fmt: skip
        assert "Interactions" in text(admin.get(reverse("customer_erase", args=[ann.pk])))
        data = {"confirmation": "Erase", "reason": "letter of 2 March"}
        assert admin.post(reverse("customer_erase", args=[ann.pk]), data).url == reverse("erasure_list")
        shown = text(admin.get(reverse("erasure_list")))
        assert "letter of 2 March" in shown
        assert "Ann" not in shown
        assert admin.get(reverse("customer_detail", args=[ann.pk])).status_code == 404
        assert Erasure.objects.get().counts["touchpoints.Interaction.customer"] == 1


class TestExport:
    def test_json_has_everything(self, admin, now):
        published_shop(now)
        customer = sent_message(now).customer
        drain(now)
        response = admin.post(reverse("customer_export", args=[customer.pk]), {"form": "json"})
        assert response["Content-Disposition"] == f'attachment; filename="customer-{customer.pk}.json"'
        found = json.loads(response.content)
        assert found["customer"][0]["name"] == "Ann Price"
        assert found["messages"][0]["address"] == customer.email
        assert "Message Sent" in {row["event"] for row in found["interactions"]}
        assert found["identities"][0]["value"] == customer.email

    def test_csv_is_a_table_a_kind_and_no_formula(self, admin):
        customer = CustomerFactory(name="=1+1", email="ann@mail.example")
        response = admin.post(reverse("customer_export", args=[customer.pk]), {"form": "csv"})
        archive = zipfile.ZipFile(BytesIO(response.content))
        assert {"customer.csv", "identities.csv"} <= set(archive.namelist())
        assert "'=1+1" in archive.read("customer.csv").decode()

    def test_much_is_a_job(self, admin, ann, monkeypatch):
        monkeypatch.setattr(portability, "AT_ONCE", 0)
        response = admin.post(reverse("customer_export", args=[ann.pk]), {"form": "json"})
        job = Job.objects.get()
        assert response.url == reverse("job_detail", args=[job.pk])
        assert "Ann" not in job.title


class TestCompanies:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"name": ""}, "required"), ({"country": "1!"}, "two letters"), ({"external_id": "c1"}, "already exists")],
    )
    def test_a_mistake_is_422(self, agent, changes, words):
        Company.objects.create(name="Other", external_id="c1")
        data = {"name": "Acme", "domain": "", "country": "", "external_id": "", "owner": ""}
        response = agent.post(reverse("company_create"), data | changes)
        assert response.status_code == 422
        assert words in text(response)
        assert Company.objects.count() == 1

    def test_from_new_to_deleted(self, agent, ann):
        data = {"name": "Acme", "domain": "acme.example", "country": "se", "external_id": "", "owner": ""}
        url = agent.post(reverse("company_create"), data).url
        company = Company.objects.get()
        assert url == reverse("company_detail", args=[company.pk])
        agent.post(reverse("company_member_add", args=[company.pk]), {"who": "ann@mail.example", "role": "Buyer"})
        assert CompanyMember.objects.get().role == "Buyer"
        assert "Buyer" in text(agent.get(url))
        assert "Acme" in text(agent.get(reverse("customer_detail", args=[ann.pk])))
        agent.post(reverse("company_edit", args=[company.pk]), data | {"name": "Acme AB"})
        assert "Acme AB" in text(agent.get(reverse("company_list"), {"q": "acme a"}))
        agent.post(reverse("company_member_remove", args=[company.pk, ann.pk]))
        assert not CompanyMember.objects.exists()
        assert agent.post(reverse("company_delete", args=[company.pk])).url == reverse("company_list")
        assert Customer.objects.filter(pk=ann.pk).exists()

    @pytest.mark.parametrize("who", ["", "nobody@mail.example", "twice@mail.example", "\x00", "9" * 30])
    def test_who_is_not_one_customer_is_422(self, agent, who):
        for _one in range(2):
            CustomerFactory(email="twice@mail.example")
        company = companies.create(fields={"name": "Acme"})
        response = agent.post(reverse("company_member_add", args=[company.pk]), {"who": who, "role": "Buyer"})
        assert response.status_code == 422
        assert 'value="Buyer"' in text(response)

    def test_from_the_customer_s_page(self, agent, ann):
        url = reverse("customer_company", args=[ann.pk])
        assert "no company of this name" in text(agent.post(url, {"company": "Acme"}))
        companies.create(fields={"name": "Acme"})
        assert agent.post(url, {"company": "acme", "role": "Approver"}).status_code == 302
        assert CompanyMember.objects.get().role == "Approver"
        companies.create(fields={"name": "ACME"})
        assert "Several companies" in text(agent.post(url, {"company": "acme"}))

    def test_a_search_is_a_fragment(self, agent):
        companies.create(fields={"name": "Acme"})
        headers = {"HX-Request": "true", "HX-Target": "companies"}
        response = agent.get(reverse("company_list"), {"q": "ac"}, headers=headers)
        assert response.content.decode().strip().startswith('<div id="companies">')
        assert "No company found" in text(agent.get(reverse("company_list"), {"q": "%"}))

    def test_lists_cost_the_same_for_2_and_20(self, agent):
        company = companies.create(fields={"name": "Acme"})
        counts = []
        for number in (2, 18):
            for _one in range(number):
                companies.create(fields={"name": "Other"})
                companies.add_member(company=company, customer=CustomerFactory(), role="Buyer")
            counts.append([_queries(agent, reverse("company_list")),
                           _queries(agent, reverse("company_detail", args=[company.pk]))])  # fmt: skip
        assert counts[0] == counts[1]


def _queries(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
