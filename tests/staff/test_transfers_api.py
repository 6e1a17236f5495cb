"""A file in and a table out by the API."""

import io

import pytest
from django.test import Client

from apps.core.models import Job
from apps.core.tables import limits
from apps.customers.models import Customer
from apps.staff.actions import api_keys
from tests.factories import CustomerFactory
from tests.transfers import work

pytestmark = pytest.mark.django_db
JSON = "application/json"
CONTENT = b"Mail,Full name,Plan\nann@mail.example,Ann Price,gold\nnope,Bo,\n"


@pytest.fixture
def api(db) -> Client:
    return Client(headers={"Authorization": f"Api-Key {api_keys.create(name='Warehouse', scopes=['admin'])}"})


def upload(api, content=CONTENT, kind="customers", **fields):
    file = io.BytesIO(content)
    file.name = "people.csv"
    return api.post("/api/imports/", {"kind": kind, "file": file, **fields})


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "ships"}, "kind"), ({"content": b""}, "file"), ({"content": b"a,a\n1,2\n"}, "file"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_says_why(api, sent, said):
    response = upload(api, **sent)
    assert (response.status_code, list(response.json())) == (400, [said])
    assert not Job.objects.exists()


def test_json_is_no_file(api):
    assert api.post("/api/imports/", {"kind": "customers"}, content_type=JSON).status_code == 415


@pytest.mark.parametrize("says_so", [True, False])
def test_a_file_that_is_too_large(api, monkeypatch, says_so):
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 100_000)
    size = 300_000 if says_so else 120_000
    response = upload(api, b"email\n" + b"x" * size)
    assert response.status_code == 413
    assert "200 MB" in response.json()["detail"]
    assert not Job.objects.exists()


def test_from_a_file_to_customers(api):
    made = upload(api).json()
    assert (made["phase"], made["header"]) == ("mapping", ["Mail", "Full name", "Plan"])
    assert (made["mapping"]["Mail"], made["mapping"]["Full name"]) == ("email", "name")
    url = f"/api/imports/{made['id']}/"
    assert api.post(f"{url}start/").status_code == 409
    assert api.post(f"{url}check/", {"mapping": {"Post": "email"}}, content_type=JSON).json() == {
        "mapping": "The file has no column 'Post'."
    }
    wrong = api.post(f"{url}check/", {"mapping": {"Mail": "email", "Full name": "email"}}, content_type=JSON)
    assert (wrong.status_code, "is this already" in wrong.json()["mapping"][0]) == (400, True)
    assert api.post(f"{url}check/", {}, content_type=JSON).status_code == 202
    work(Job.objects.get())
    checked = api.get(url).json()
    assert (checked["phase"], checked["result"]["new"], checked["result"]["refused"]) == ("review", 1, 1)
    assert [(one["row"], one["state"]) for one in checked["changes"]] == [(2, "new")]
    assert [one["row"] for one in checked["problems"]] == [3]
    assert not Customer.objects.exists()
    assert api.post(f"{url}start/").status_code == 202
    work(Job.objects.get())
    assert Customer.objects.get().name == "Ann Price"
    job = api.get(f"/api/jobs/{made['id']}/").json()
    assert [file["role"] for file in job["files"]] == ["errors"]
    assert b"nope" in api.get(job["files"][0]["url"]).getvalue()


def test_from_customers_to_a_file(api):
    CustomerFactory(name="Ann Price")
    started = api.post("/api/exports/", {"kind": "customers", "form": "csv"}, content_type=JSON)
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    work(Job.objects.get())
    job = api.get(f"/api/jobs/{started.json()['id']}/").json()
    assert b"Ann Price" in api.get(job["files"][0]["url"]).getvalue()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "ships", "form": "csv"}, "kind"), ({"kind": "customers", "form": "pdf"}, "form"),
        ({"kind": "customers", "form": "csv", "options": {"colour": "red"}}, "options"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_says_why(api, body, said):
    response = api.post("/api/exports/", body, content_type=JSON)
    assert (response.status_code, list(response.json())) == (400, [said])
