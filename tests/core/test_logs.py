"""Log lines hold ids only. A marker goes through every kind of failure and is found in none of them."""

import io
import json
import logging
import smtplib
import threading

import pytest
import structlog
from celery import shared_task
from django.conf import settings as django_settings
from django.db import connection
from django.http import Http404
from django.test import override_settings
from django.urls import path

from apps.core import actions, jobs, logs, registry
from apps.core.actions import record_changes
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers.models import Customer, Identity
from apps.staff.enums import Role
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from config import urls
from tests.campaigns.smtp import mail_server
from tests.core.test_operation import ask_wsgi
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver, staff
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db

MARKER = "Zyxmarker"
ADDRESS = f"{MARKER}@mail.example"


@pytest.fixture
def lines():
    """What the console would get, by the configured formatter and filter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter())
    handler.addFilter(logs.quiet())
    roots = [logging.getLogger(), logging.getLogger("_granian")]
    for root in roots:
        root.addHandler(handler)
    yield stream
    for root in roots:
        root.removeHandler(handler)


def told(lines) -> str:
    text = lines.getvalue()
    assert MARKER.lower() not in text.lower(), text
    return text


def explode(request, **_kwargs):
    raise ValueError(f"{MARKER} is not a number")


def explode_in_the_database(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [MARKER])


def hide(request, **_kwargs):
    raise Http404(f"no {MARKER}")


urlpatterns = [
    *urls.urlpatterns,
    path("s/<str:token>/fails/", explode, name="fails"),
    path("hidden/<str:token>/", hide, name="hidden"),
    path("asks/", explode_in_the_database, name="asks"),
    path("v1/fails", explode, name="bare_fails"),
]
handler500 = urls.handler500


@override_settings(ROOT_URLCONF="tests.core.test_logs")
def test_a_page_that_fails_is_told_by_its_route(client, lines):
    user = staff(Role.AGENT)
    client.force_login(user)
    client.raise_request_exception = False
    address = f"/s/{MARKER}/fails/?q={MARKER}"
    assert client.get(address, headers={"User-Agent": MARKER, "Referer": f"/{MARKER}"}).status_code == 500
    [line] = told(lines).splitlines()
    assert "event=request_failed" in line
    assert 'request="GET fails" ' in line
    assert f"user_id={user.pk}" in line
    assert "request_id=" in line
    assert "error=ValueError" in line
    assert "tests/core/test_logs.py:" in line


@override_settings(ROOT_URLCONF="tests.core.test_logs")
def test_a_database_error_is_told_by_its_state(client, lines):
    client.force_login(staff(Role.AGENT))
    client.raise_request_exception = False
    assert client.get("/asks/").status_code == 500
    assert 'error="DataError < InvalidTextRepresentation(22P02)"' in told(lines)


@override_settings(ROOT_URLCONF="tests.core.test_logs")
def test_a_page_that_is_not_there(client, lines):
    client.force_login(staff(Role.AGENT))
    assert client.get(f"/hidden/{MARKER}/?q={MARKER}").status_code == 404
    assert client.get(f"/{MARKER}/").status_code == 404
    first, second = told(lines).splitlines()
    assert 'request="GET hidden" ' in first
    assert 'request="GET none" ' in second
    assert "code=404" in first
    assert "ms=" in first


def test_one_line_a_request_as_json_too(client, settings):
    settings.LOG_FORMAT = "json"
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter())
    logging.getLogger().addHandler(handler)
    try:
        client.get("/accounts/login/")
    finally:
        logging.getLogger().removeHandler(handler)
    [line] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["event"], line["request"], line["code"]) == ("request_finished", "GET account_login", 200)


@override_settings(ROOT_URLCONF="tests.core.test_logs")
def test_what_passes_no_middleware_is_told_by_its_route(lines):
    status, _headers, _body = ask_wsgi("/v1/fails", QUERY_STRING=f"q={MARKER}")
    assert status.startswith("500")
    assert "route bare_fails" in told(lines)


def test_forms_with_mistakes(client, lines):
    client.post("/accounts/login/", {"login": ADDRESS, "password": MARKER})
    client.force_login(staff(Role.AGENT))
    customer = CustomerFactory(name=MARKER)
    client.post(f"/customers/{customer.pk}/log/", {"event": "", "note": MARKER})
    client.get("/customers/", {"q": ADDRESS})
    assert "event=request_finished" in told(lines)


def test_events_that_are_refused(client, lines):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    post(client, source, "track", {"userId": MARKER, "event": 5})
    post(client, source, "batch", f'{{"batch": [{{"email": "{ADDRESS}"'.encode())
    post(client, type("Other", (), {"write_key": f"wk_{MARKER}"}), "track", track(MARKER))
    told(lines)


def test_a_pipeline_that_fails(lines, now, monkeypatch):
    customer = CustomerFactory(name=MARKER, email=ADDRESS)
    Identity.objects.create(kind="external", value=MARKER, customer=customer)
    other = Customer.objects.create(name="Bo")

    def duplicate(_batch):
        Identity.objects.create(kind="external", value=MARKER, customer=other)

    monkeypatch.setitem(registry.pipeline_handlers, 99, duplicate)
    record_changes(customer_ids=[customer.pk], origin=Origin.LIVE)
    actions.run_pipeline(now=now)
    assert Change.objects.get().attempts == 1
    text = told(lines)
    assert f"the pipeline failed for customer {customer.pk}" in text
    assert "UniqueViolation(23505 identity_of_one_customer customers_identity)" in text


def test_a_job_that_fails(lines, monkeypatch):
    def chunk(_job, _now):
        raise KeyError(ADDRESS)

    monkeypatch.setitem(registry.job_kinds, "fails", registry.JobKind("Fails", chunk))
    job = jobs.start(kind="fails", title=MARKER, user_id=None)
    jobs.run_chunk(job.pk, now=job.created_at)
    assert f"a chunk of job {job.pk} failed" in told(lines)


def test_a_mail_server_that_refuses(lines, now, settings):
    published_shop(now)
    made = campaign(now)
    with mail_server() as (url, keeper):
        settings.EMAIL_URL = url
        keeper.answers[ADDRESS] = f"550 no such person {ADDRESS}"
        enrolled(made, CustomerFactory(name=MARKER, email=ADDRESS), now)
        run_and_deliver(now)
    told(lines)


@shared_task(name="tests.fails")
def fails(word: str) -> None:
    raise smtplib.SMTPRecipientsRefused({word: (550, word.encode())})


def test_a_task_that_fails_is_told_by_id_and_name(lines):
    fails.apply(kwargs={"word": ADDRESS}, task_id="0a1b2c3d-0000-4123-8123-0123456789ab")
    structlog.contextvars.clear_contextvars()
    text = told(lines)
    assert "task=tests.fails" in text
    assert "task_id=0a1b2c3d-0000-4123-8123-0123456789ab" in text
    assert "SMTPRecipientsRefused" in text


def test_a_thread_that_ends(lines):
    thread = threading.Thread(target=explode, args=[None])
    hook, threading.excepthook = threading.excepthook, logs._log_end_of_thread
    try:
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
    assert "a thread ended" in told(lines)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("sent to ann.price+x@mail.example.", "sent to [e-mail]."),
        ("login=ann%40mail.example", "login=[e-mail]"),
        ("call +49 (30) 1234-567 now", "call [phone] now"),
        ("call 0301234567", "call [phone]"),
        ("Key (email, kind)=(Ann Price, x) already exists.", "Key [removed] already exists."),
        ("no\nDETAIL:  Failing row contains (Ann).", "no\nDETAIL [removed]"),
        ("wk_abcdefghijklmnop was", "wk_[key] was"),
        ("GET /s/eyJhIjoiYiJ9:abc:def-ghi/ failed", "GET /s/[token]/ failed"),
        ("redis://user:hush@cache:6379/0", "redis://[login]@cache:6379/0"),
        ("2026-03-02 12:00:00 customer 1234567890 took 0.123456789 s", None),
        ("127.0.0.1:8000 worker1@host", "127.0.0.1:8000 [e-mail]"),
    ],
)
def test_the_last_line_of_defence(said, kept):
    assert logs.without_personal(said) == (said if kept is None else kept)


def test_the_database_keeps_no_values_in_its_log(lines):
    with connection.cursor() as cursor:
        cursor.execute("SHOW log_min_messages")
        if cursor.fetchone()[0] != "log":
            pytest.skip("not our own embedded server")
        with pytest.raises(Exception, match=MARKER):
            cursor.execute("SELECT %s::int", [MARKER])
    log = django_settings.DATA_DIR / "logs" / "postgres.log"
    assert MARKER not in log.read_text()
