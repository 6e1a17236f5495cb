"""The pages of import, export and jobs: each step, with what goes wrong first."""

import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import importing, jobs
from apps.core.enums import FileRole, JobState
from apps.core.models import ColumnMapping, Job
from apps.core.tables import limits
from apps.customers.models import Customer, Segment
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.factories import staff
from tests.transfers import begin, content_of, work

pytestmark = pytest.mark.django_db

CONTENT = b"Mail,Full name,Plan\nann@mail.example,Ann Price,gold\nnope,Bo,\n"


@pytest.fixture
def marketer(client):
    user = staff(Role.MARKETER)
    client.force_login(user)
    return user


def upload(client, content=CONTENT, kind="customers", **fields):
    file = io.BytesIO(content)
    file.name = "people.csv"
    return client.post(reverse("import_create", args=[kind]), {"file": file, **fields})


def uploaded(client) -> Job:
    upload(client)
    return Job.objects.latest("pk")


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


MAPPING = {"column_0": "email", "column_1": "name", "column_2": "extra:Plan"}

# Upload


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"a,b\n", "names of columns and no rows"),
        (b"a,a\n1,2\n", "Two columns are called"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_beside_the_field(client, marketer, content, words):
    response = upload(client, content)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not Job.objects.exists()


def test_without_a_file(client, marketer):
    response = client.post(reverse("import_create", args=["customers"]), {})
    assert (response.status_code, "Choose a file, then go on." in text_of(response)) == (422, True)


def test_what_was_typed_stays(client, marketer):
    response = upload(client, b"", kind="interactions", source="Till 7")
    assert (response.status_code, 'value="Till 7"' in text_of(response)) == (422, True)


def test_a_file_that_is_too_large_is_413_in_words(client, marketer, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 1000)
    response = upload(client, b"a\n" + b"x" * 2000)
    assert response.status_code == 413  # stopped while it came
    assert "larger than 200 MB" in text_of(response)
    response = upload(client, b"a\n" + b"x" * 200_000)
    assert response.status_code == 413  # not read at all
    assert not Job.objects.exists()


def test_an_upload_without_the_csrf_token_is_refused(marketer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(marketer)
    assert upload(client).status_code == 403
    assert not Job.objects.exists()


def test_unknown_kinds_are_not_there(client, marketer):
    for name in ("import_create", "export_create"):
        assert client.get(reverse(name, args=["nonsense"])).status_code == 404


def test_suppressions_are_imported_by_admins_only(client, marketer):
    assert client.get(reverse("import_create", args=["suppressions"])).status_code == 403
    assert reverse("import_create", args=["suppressions"]) not in text_of(client.get(reverse("data")))
    client.force_login(staff(Role.ADMIN))
    assert client.get(reverse("import_create", args=["suppressions"])).status_code == 200


def test_get_and_post_only(client, marketer):
    assert client.put(reverse("import_create", args=["customers"])).status_code == 405
    assert client.post(reverse("data")).status_code == 405
    assert client.post(reverse("job_list")).status_code == 405


# The way through


def test_the_whole_way_without_a_script(client, marketer):
    response = upload(client)
    job = Job.objects.get()
    assert response["Location"] == reverse("import_mapping", args=[job.pk])
    page = text_of(client.get(response["Location"]))
    assert "ann@mail.example" in page
    assert '<option value="email" selected>E-mail</option>' in page
    assert '<option value="name" selected>Name</option>' in page
    response = client.post(reverse("import_mapping", args=[job.pk]), {**MAPPING, "name": "Shop"})
    assert response["Location"] == reverse("import_review", args=[job.pk])
    assert 'hx-trigger="every 1s"' in text_of(client.get(response["Location"]))
    work(Job.objects.get())
    page = text_of(client.get(response["Location"]))
    assert "Import 1 row" in page
    assert "every 1s" not in page
    assert "Row 3: E-mail: “nope” is no e-mail address" in page
    assert "An import cannot be undone as a whole" in page
    assert not Customer.objects.exists()
    response = client.post(reverse("import_start", args=[job.pk]))
    assert response["Location"] == reverse("job_detail", args=[job.pk])
    assert "every 1s" in text_of(client.get(response["Location"]))
    work(Job.objects.get())
    page = text_of(client.get(response["Location"]))
    assert "every 1s" not in page
    assert "customers-refused.csv" in page
    ann = Customer.objects.get()
    assert (ann.email, ann.name, ann.traits) == ("ann@mail.example", "Ann Price", {"Plan": "gold"})
    assert ColumnMapping.objects.get().columns == {"Mail": "email", "Full name": "name", "Plan": "extra:Plan"}


def test_columns_that_are_missing_or_chosen_twice(client, marketer):
    url = reverse("import_mapping", args=[uploaded(client).pk])
    response = client.post(url, {"column_0": "", "column_1": "name"})
    assert (response.status_code, "Say which column is: External id or E-mail" in text_of(response)) == (422, True)
    response = client.post(url, {"column_0": "email", "column_1": "email"})
    page = text_of(response)
    assert (response.status_code, "“Mail” is this already. Choose one of the two." in page) == (422, True)
    assert page.count('<option value="email" selected>') == 2
    response = client.post(url, {"column_0": "nonsense", "column_1": "email"})
    assert response.status_code == 422


def test_remembered_choices_are_offered(client, marketer):
    columns = {"Mail": "email", "Plan": "name"}
    saved = ColumnMapping.objects.create(kind="customers", name="Shop", columns=columns)
    url = reverse("import_mapping", args=[uploaded(client).pk])
    chosen = '<select name="column_2" id="id_column_2">'
    page = text_of(client.get(url))
    assert '<option value="name" selected>' in page.split(chosen)[1].split("</select>")[0]
    assert f"?saved={saved.pk}" in page
    page = text_of(client.get(f"{url}?saved=no"))
    assert "selected" not in page.split(chosen)[1].split("</select>")[0].replace('value="" selected', "")


def test_steps_that_are_over_lead_on(client, marketer):
    job = uploaded(client)
    assert client.get(reverse("import_review", args=[job.pk]))["Location"] == reverse("import_mapping", args=[job.pk])
    assert client.post(reverse("import_start", args=[job.pk]))["Location"] == reverse("import_review", args=[job.pk])
    client.post(reverse("import_mapping", args=[job.pk]), MAPPING)
    assert client.get(reverse("import_mapping", args=[job.pk]))["Location"] == reverse("import_review", args=[job.pk])
    work(Job.objects.get())
    client.post(reverse("import_start", args=[job.pk]))
    assert client.get(reverse("import_review", args=[job.pk]))["Location"] == reverse("job_detail", args=[job.pk])


def test_nothing_new_offers_no_import(client, marketer, now):
    job = begin("customers", b"email\nnope\n", now)
    Job.objects.update(user=marketer)
    page = text_of(client.get(reverse("import_review", args=[job.pk])))
    assert "Get the file of refused rows" in page
    assert "Nothing in this file is new" in page


def test_progress_is_a_fragment(client, marketer):
    job = uploaded(client)
    client.post(reverse("import_mapping", args=[job.pk]), MAPPING)
    for name, target in (("job_detail", "job"), ("import_review", "review")):
        url = reverse(name, args=[job.pk])
        part = client.get(url, headers={"HX-Request": "true", "HX-Target": target})
        assert text_of(part).startswith(f'<div id="{target}"')
        assert "<html" not in text_of(part)
        assert "HX-Target" in part["Vary"]


# Export


def test_an_export_by_page(client, marketer, now):
    segment = Segment.objects.create(name="VIPs", kind="list")
    url = reverse("export_create", args=["customers"])
    assert "VIPs" in text_of(client.get(url))
    response = client.post(url, {"form": "pdf", "segment": "0"})
    assert response.status_code == 422
    response = client.post(url, {"form": "csv", "segment": segment.pk})
    job = work(Job.objects.get())
    assert (response["Location"], job.state) == (reverse("job_detail", args=[job.pk]), JobState.DONE)
    file = client.get(reverse("job_file", args=[job.pk, "result"]))
    assert (file["Content-Type"], file["X-Content-Type-Options"]) == ("text/csv; charset=utf-8", "nosniff")
    assert file["Content-Disposition"].startswith('attachment; filename="customers-')
    assert b"".join(file.streaming_content) == content_of(job, FileRole.RESULT)


def test_a_period_that_ends_before_it_begins(client, marketer):
    url = reverse("export_create", args=["interactions"])
    response = client.post(url, {"form": "csv", "since": "2026-02-01", "until": "2026-01-01"})
    page = text_of(response)
    assert (response.status_code, "not before the first one" in page, 'value="2026-02-01"' in page) == (422, True, True)
    assert client.post(url, {"form": "csv", "since": "tomorrow"}).status_code == 422


# Jobs


def test_only_the_owner_and_admins_see_a_job_and_its_files(client, marketer, now):
    job = begin("customers", CONTENT, now)
    for name in ("job_detail", "import_review", "import_mapping"):
        assert client.get(reverse(name, args=[job.pk])).status_code == 403
    assert client.post(reverse("job_cancel", args=[job.pk])).status_code == 403
    assert client.post(reverse("import_start", args=[job.pk])).status_code == 403
    assert "import of" not in text_of(client.get(reverse("job_list")))
    client.force_login(staff(Role.ADMIN))
    assert "import of" in text_of(client.get(reverse("job_list")))
    assert client.get(reverse("job_detail", args=[job.pk])).status_code == 200


def test_who_lost_the_role_gets_no_file(client, marketer):
    client.post(reverse("export_create", args=["customers"]), {"form": "csv"})
    job = work(Job.objects.get())
    marketer.groups.clear()
    agent = staff(Role.AGENT)
    Job.objects.update(user=agent)
    client.force_login(agent)
    assert client.get(reverse("job_file", args=[job.pk, "result"])).status_code == 403


def test_what_was_uploaded_and_the_notes_are_no_files(client, marketer):
    job = uploaded(client)
    for role in ("input", "result", "errors", "nonsense"):
        assert client.get(reverse("job_file", args=[job.pk, role])).status_code == 404


def test_cancel_from_the_page(client, marketer):
    job = uploaded(client)
    page = text_of(client.post(reverse("job_cancel", args=[job.pk]), follow=True))
    assert "It is being cancelled. What was done stays." in page
    assert work(Job.objects.get()).state == JobState.CANCELLED
    assert "It had ended already." in text_of(client.post(reverse("job_cancel", args=[job.pk]), follow=True))


def test_lists_cost_the_same_at_2_and_at_20_rows(client, marketer):
    for name in ("job_list", "data"):
        found = []
        for count in (2, 20):
            Job.objects.all().delete()
            for _ in range(count):
                jobs.start(kind="export", title="Export", user_id=marketer.pk, params={"exporter": "customers"})
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            found.append(len(queries))
        assert found[0] == found[1], name


def test_a_second_page_and_a_cursor_that_is_none(client, marketer):
    for number in range(51):
        jobs.start(kind="export", title=f"Export {number}", user_id=marketer.pk)
    page = client.get(reverse("job_list"))
    rest = client.get(reverse("job_list") + page.context["next_url"])
    assert [len(page.context["rows"]), len(rest.context["rows"])] == [50, 1]
    assert client.get(reverse("job_list") + "?cursor=x")["Location"] == reverse("job_list")


def test_empty_lists_say_what_to_do(client, marketer):
    assert "Import customers" in text_of(client.get(reverse("data")))
    assert "Import or export" in text_of(client.get(reverse("job_list")))


# API


def test_jobs_by_api(client, marketer, now):
    job = uploaded(client)
    found = client.get("/api/jobs/").json()
    assert [(one["id"], one["state"], one["phase"]) for one in found["results"]] == [(job.pk, "queued", "mapping")]
    assert client.get(f"/api/jobs/{job.pk}/").json()["files"] == []
    assert client.post(f"/api/jobs/{job.pk}/cancel/").status_code == 200
    work(Job.objects.get())
    answer = client.post(f"/api/jobs/{job.pk}/cancel/")
    assert answer.status_code == 409
    client.force_login(staff(Role.MARKETER))
    assert client.get("/api/jobs/").json()["results"] == []
    assert client.get(f"/api/jobs/{job.pk}/").status_code == 403
    assert client.get("/api/jobs/999999/").status_code == 404


def test_jobs_by_api_key(client, now):
    job = importing.begin(kind="customers", file=io.BytesIO(CONTENT), name="a.csv", options={}, user_id=None, now=now)
    for scopes, found in ((["read"], []), (["admin"], [job.pk])):
        made = api_keys.create_new(name=scopes[0], scopes=scopes, owner=None, now=now)
        key = next(one for one in made if isinstance(one, str))
        answer = client.get("/api/jobs/", headers={"Authorization": f"Api-Key {key}"}).json()
        assert [one["id"] for one in answer["results"]] == found
