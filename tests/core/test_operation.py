"""Probes and metrics: no session, nothing that a stranger should not read, also when something is away."""

import io
import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.core import health, metrics
from apps.core.models import Change, Job
from apps.staff.enums import Role
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from config import wsgi
from tests.factories import staff
from tests.touchpoints.sending import post, track

SCRAPE = {"REMOTE_ADDR": "127.0.0.1"}
NOWHERE = "redis://127.0.0.1:1/0"


def ask_wsgi(path: str, **environ: str) -> tuple[str, dict[str, str], bytes]:
    """As granian does: past the test client's own middleware chain."""
    told: list = []
    given = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "10.1.2.3", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "REMOTE_ADDR": "10.0.0.9",
        "HTTP_HOST": "10.1.2.3", **environ,
    }  # fmt: skip
    body = wsgi.application(given, lambda status, headers: told.append((status, dict(headers))))
    text = b"".join(body)
    body.close()
    return (*told[0], text)


@pytest.mark.parametrize("name", ["healthz", "readyz", "metrics"])
@pytest.mark.django_db
def test_only_reading_and_no_cookie(client, name):
    assert client.post(reverse(name), **SCRAPE).status_code == 405
    response = client.get(reverse(name), **SCRAPE)
    assert not response.cookies
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_healthz_touches_no_database(client):
    """There is no mark that would allow it."""
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok\n")


@pytest.mark.django_db  # the end of a request looks after connections that other tests left open
def test_probes_answer_by_address_and_without_middleware():
    status, headers, body = ask_wsgi("/healthz")
    assert (status, body) == ("200 OK", b"ok\n")
    assert "Vary" not in headers


@pytest.mark.django_db
def test_readyz_when_all_is_well(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "checks": [
            {"check": "Database", "ok": True, "says": "It answers."},
            {"check": "Migrations", "ok": True, "says": "All are applied."},
            {"check": "Broker", "ok": True, "says": "It answers."},
        ],
    }


@pytest.mark.django_db
def test_readyz_without_broker_says_so_and_no_address(client, settings):
    settings.CELERY_BROKER_URL = "redis://:hush@127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert [check["ok"] for check in response.json()["checks"]] == [True, True, False]
    assert b"hush" not in response.content
    assert b"127.0.0.1" not in response.content


@pytest.mark.django_db
def test_readyz_with_a_migration_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name = '0001_initial'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"][1] == {"check": "Migrations", "ok": False, "says": "1 is not applied."}


@pytest.mark.django_db
def test_readyz_costs_few_queries(client, django_assert_num_queries):
    health._on_disk()
    with django_assert_num_queries(3):  # alive, is there a table of migrations, what it holds
        client.get("/readyz")


@pytest.mark.parametrize(
    ("token", "given", "status"),
    [
        ("", {"REMOTE_ADDR": "10.0.0.9"}, 403),
        ("", {"REMOTE_ADDR": ""}, 403),
        ("", {"REMOTE_ADDR": "not an address"}, 403),
        ("", {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
        ("", {"REMOTE_ADDR": "127.0.0.1"}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("s3cret", {"REMOTE_ADDR": "127.0.0.1"}, 403),
        ("s3cret", {"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer s3cre"}, 403),
        ("s3cret", {"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer ü"}, 403),
        ("s3cret", {"REMOTE_ADDR": "10.0.0.9", "HTTP_AUTHORIZATION": "Bearer s3cret"}, 200),
    ],
)
@pytest.mark.django_db
def test_who_may_scrape(client, settings, token, given, status):
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", **given).status_code == status


def values(text: bytes) -> dict[str, float]:
    found = re.findall(r"^(\S+?(?:\{.*\})?) (\S+)$", text.decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.mark.django_db
def test_what_a_scrape_tells(client):
    now = timezone.now()
    Change.objects.create(customer_id=1, origin="live", attempts=2, created_at=now)
    Job.objects.create(kind="import", title="Ann's file", state="failed", finished_at=now)
    found = values(client.get("/metrics", **SCRAPE).content)
    assert found["milepost_database_up"] == 1
    assert found['milepost_queue_length{queue="pipeline"}'] == 1
    assert found['milepost_stuck_rows{what="changes"}'] == 1
    assert found['milepost_stuck_rows{what="messages"}'] == 0
    assert found['milepost_jobs{state="failed"}'] == 1
    assert {'milepost_queue_oldest_seconds{queue="deliver"}', "milepost_interactions_stored_total"} <= set(found)


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_never_by_path(client):
    client.force_login(staff(Role.AGENT))

    def counted() -> dict[str, float]:
        return values(client.get("/metrics", **SCRAPE).content)

    name = 'milepost_requests_total{method="GET",route="customer_detail",status="404"}'
    before = counted().get(name, 0)
    assert client.get("/customers/987654321/?q=zyxmarker").status_code == 404
    assert client.generic("ZYXMETHOD", "/zyxmarker/").status_code == 404
    after = counted()
    assert after[name] == before + 1
    assert after['milepost_request_seconds_count{route="customer_detail"}'] >= 1
    assert after['milepost_requests_total{method="other",route="none",status="404"}'] >= 1
    assert "zyx" not in str(sorted(after)).lower()


@pytest.mark.django_db
def test_events_are_counted_too_though_they_pass_no_middleware():
    name = 'milepost_requests_total{method="GET",route="collect",status="405"}'
    before = values(metrics.exposition()).get(name, 0)
    ask_wsgi("/v1/track")
    assert values(metrics.exposition())[name] == before + 1


@pytest.mark.django_db(transaction=True)
def test_stored_and_refused_items_are_counted_from_the_database(client):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    before = inserted()
    assert post(client, source, "track", track("Order Completed")).status_code == 200
    after = inserted()
    assert after["milepost_interactions_stored_total"] == before.get("milepost_interactions_stored_total", 0) + 1
    assert after["milepost_items_refused_total"] == before.get("milepost_items_refused_total", 0)


def inserted() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
    return values(metrics.exposition())


@pytest.fixture
def away(transactional_db):
    """The database is where nobody listens."""
    was = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    yield
    connection.settings_dict["HOST"] = was


def test_a_scrape_while_the_database_is_away_still_tells_of_requests(away):
    found = values(metrics.exposition())
    assert found["milepost_database_up"] == 0
    assert any(name.startswith("milepost_requests_total") for name in found)


def test_probes_while_the_database_is_away(away):
    assert ask_wsgi("/healthz")[0] == "200 OK"
    status, _headers, body = ask_wsgi("/readyz")
    assert status == "503 Service Unavailable"
    assert json.loads(body)["checks"][0] == {
        "check": "Database", "ok": False, "says": "It does not answer (OperationalError).",
    }  # fmt: skip


def test_files_of_the_dead_go_when_nobody_counts_any_more(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "metrics"))
    metrics._open_folder()
    dead = tmp_path / "metrics" / "counter_999999999.db"
    dead.touch()
    alive = Path(tmp_path / "metrics" / "counter_1.db")
    alive.touch()
    metrics._open_folder()
    assert dead.exists()  # somebody else still counts, and a sum must not fall
    alive.unlink()
    metrics._open_folder()
    assert not dead.exists()


def test_a_folder_that_cannot_be_written_to_costs_the_count_and_no_request(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "file"))

    def answer(request):
        return None

    assert metrics.measure(answer) is answer
