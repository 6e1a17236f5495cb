"""The REST calls about people, exactly."""

import json

import pytest

from apps.core.models import Job
from apps.customers.actions import companies, duplicates, merges, portability
from apps.customers.models import Company, Customer, Erasure
from apps.staff.actions import api_keys
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    key = api_keys.create(name="checks", scopes=["admin"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    return client


def call(api, method: str, path: str, data=None, status: int = 200):
    response = getattr(api, method)(path, data, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


@pytest.fixture
def pair():
    return tuple(CustomerFactory(name="Ann Price", email="ann@mail.example") for _ in range(2))


class TestCustomer:
    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"email": "x"}, "email"), ({"phone": "1"}, "phone"), ({"country": "12"}, "country"),
            ({"time_zone": "x/y"}, "time_zone"), ({"owner": 99}, "owner"), ({"tags": ["x" * 51]}, "tags"),
            ({"tags": "x"}, "tags"), ({"name": None}, "name"),
        ],
    )  # fmt: skip
    def test_a_mistake_is_400_and_names_the_field(self, api, pair, data, field):
        assert field in call(api, "patch", f"/api/customers/{pair[0].pk}/", data, 400)

    def test_what_is_not_said_stays(self, api, pair):
        answer = call(api, "patch", f"/api/customers/{pair[0].pk}/", {"phone": "+46 70 174 06 05", "tags": ["a, b"]})
        assert (answer["phone"], answer["name"], answer["tags"]) == ("+46701740605", "Ann Price", ["a, b"])
        assert answer["possible_duplicates"] == [pair[1].pk]
        assert call(api, "patch", f"/api/customers/{pair[0].pk}/", {"email": ""})["email"] == ""

    def test_the_gone_id_leads_on(self, api, pair, now):
        merges.merge(kept=pair[0], gone=pair[1], reason="x", by=None, now=now)
        for part in ("", "timeline/", "journeys/", "messages/"):
            call(api, "get", f"/api/customers/{pair[1].pk}/{part}")
        assert call(api, "get", f"/api/customers/{pair[1].pk}/")["id"] == pair[0].pk


class TestMerge:
    @pytest.mark.parametrize(
        ("data", "status"),
        [({}, 400), ({"other": 10**9, "reason": "x"}, 400), ({"other": "x", "reason": "x"}, 400)],
    )
    def test_mistakes(self, api, pair, data, status):
        call(api, "post", f"/api/customers/{pair[0].pk}/merge/", data, status)

    def test_with_oneself_is_409(self, api, pair):
        data = {"other": pair[0].pk, "reason": "x"}
        assert "same customer" in str(call(api, "post", f"/api/customers/{pair[0].pk}/merge/", data, 409))

    def test_there_and_back(self, api, pair):
        ann, anne = pair
        data = {"other": anne.pk, "reason": "same", "stays": anne.pk}
        done = call(api, "post", f"/api/customers/{ann.pk}/merge/", data, 201)
        assert (done["kept"], done["gone"]) == (anne.pk, ann.pk)
        (listed,) = call(api, "get", "/api/merges/")["results"]
        assert (listed["id"], listed["undone_at"]) == (done["id"], None)
        assert call(api, "post", f"/api/merges/{done['id']}/undo/")["undone_at"] is not None
        call(api, "post", f"/api/merges/{done['id']}/undo/", None, 409)
        assert Customer.objects.present().count() == 2


class TestErase:
    def test_needs_the_word(self, api, pair):
        path = f"/api/customers/{pair[0].pk}/erase/"
        assert "confirmation" in call(api, "post", path, {"reason": "x"}, 400)
        call(api, "post", path, {"reason": "Ann Price", "confirmation": "erase"}, 409)
        assert not Erasure.objects.exists()

    def test_erases_and_gives_the_receipt(self, api, pair):
        receipt = call(
            api, "post", f"/api/customers/{pair[0].pk}/erase/", {"reason": "letter", "confirmation": "erase"}
        )
        assert receipt["customer"] == pair[0].pk
        assert receipt["counts"]["customers.Identity.customer"] == 1
        call(api, "get", f"/api/customers/{pair[0].pk}/", None, 404)
        assert call(api, "get", "/api/erasures/")["results"] == [receipt]


class TestExport:
    def test_at_once_or_by_a_job(self, api, pair, monkeypatch):
        path = f"/api/customers/{pair[0].pk}/export/"
        call(api, "get", f"{path}?form=pdf", None, 400)
        response = api.get(path)
        assert json.loads(response.content)["customer"][0]["email"] == "ann@mail.example"
        assert api.get(f"{path}?form=csv")["Content-Type"] == "application/zip"
        monkeypatch.setattr(portability, "AT_ONCE", 0)
        assert "POST" in str(call(api, "get", path, None, 409))
        assert call(api, "post", path, None, 202) == {"job": Job.objects.get().pk}


class TestDuplicates:
    def test_list_and_dismiss(self, api, pair, now):
        duplicates.find(customer_ids=[pair[0].pk], now=now)
        (found,) = call(api, "get", "/api/duplicates/?page_size=1")["results"]
        assert (found["first"], found["second"], found["reasons"]) == (pair[0].pk, pair[1].pk, ["email", "names_alike"])
        assert found["score"] == 80
        call(api, "get", "/api/duplicates/?cursor=x", None, 400)
        call(api, "post", f"/api/duplicates/{found['id']}/dismiss/", None, 204)
        assert call(api, "get", "/api/duplicates/") == {"results": [], "next": None}

    def test_pages(self, api, now):
        for one in range(3):
            first, _second = (CustomerFactory(email=f"d{one}@mail.example") for _ in range(2))
            duplicates.find(customer_ids=[first.pk], now=now)
        page = call(api, "get", "/api/duplicates/?page_size=2")
        rest = call(api, "get", page["next"].removeprefix("http://testserver"))
        assert len(page["results"]) == 2
        assert {row["id"] for row in page["results"]}.isdisjoint({row["id"] for row in rest["results"]})


class TestCompanies:
    @pytest.mark.parametrize(
        ("data", "field"),
        [({}, "name"), ({"name": ""}, "name"), ({"name": "A", "country": "X"}, "country"),
         ({"name": "A", "external_id": "c1"}, "external_id"), ({"name": "A", "owner": 99}, "owner"),
         ({"name": "A", "traits": []}, "traits")],
    )  # fmt: skip
    def test_a_mistake_is_400_and_names_the_field(self, api, data, field):
        companies.create(fields={"name": "Other", "external_id": "c1"})
        assert field in call(api, "post", "/api/companies/", data, 400)
        assert Company.objects.count() == 1

    def test_from_new_to_deleted(self, api, pair):
        made = call(api, "post", "/api/companies/", {"name": "Acme", "country": "se", "traits": {"seats": 9}}, 201)
        path = f"/api/companies/{made['id']}/"
        assert call(api, "get", path) == made
        assert (made["country"], made["traits"]) == ("SE", {"seats": 9})
        assert call(api, "patch", path, {"name": "Acme AB", "external_id": "c7"})["external_id"] == "c7"
        assert call(api, "patch", path, {"external_id": "c7"})["name"] == "Acme AB"
        assert [row["id"] for row in call(api, "get", "/api/companies/?name=acme%20a")["results"]] == [made["id"]]
        call(api, "post", f"{path}members/", {"customer": 10**9}, 400)
        call(api, "post", f"{path}members/", {"customer": pair[0].pk, "role": "Buyer"}, 201)
        (member,) = call(api, "get", f"{path}members/")["results"]
        assert (member["customer"], member["name"], member["role"]) == (pair[0].pk, "Ann Price", "Buyer")
        call(api, "delete", f"{path}members/{pair[0].pk}/", None, 204)
        call(api, "delete", path, None, 204)
        call(api, "get", path, None, 404)
