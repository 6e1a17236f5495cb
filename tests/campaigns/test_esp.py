"""E-mail by the API of a provider, at a server that answers as two of them do."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.campaigns.channels import Outcome
from apps.campaigns.channels.esp import Esp
from apps.core import mail_urls
from apps.staff import mails
from tests.campaigns.ways import outgoing
from tests.web_server import answer, dripping, free_port, hang_up, web_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with web_server() as found:
        yield found


def postmark(port: int) -> str:
    return f"anymail+postmark://to%3Aken@?api_url=http://127.0.0.1:{port}"


def mailgun(port: int) -> str:
    return f"anymail+mailgun://key-1@?sender_domain=example.com&api_url=http://127.0.0.1:{port}/v3"


POSTMARK_YES = {"To": "ann@mail.example", "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"}
REFUSED = {"ErrorCode": 300, "Message": "Invalid 'To' address: 'ann@mail.example'"}
MAILGUN_YES = {"id": "<mg-1@example.com>", "message": "Queued. Thank you."}


def send(url: str, *, seconds: float = 2.0, **more):
    return Esp(url).send(outgoing(**more), deadline_seconds=seconds)


def said(code: int, fields: object) -> bytes:
    return answer(code, json.dumps(fields).encode(), Content_Type="application/json")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("anymail+nobody://key@", ImproperlyConfigured), ("anymail+://key@", mail_urls.BadMailUrl),
        ("anymail+a.b://key@", mail_urls.BadMailUrl), ("smtp://key@host", mail_urls.BadMailUrl),
    ],
)  # fmt: skip
def test_an_address_that_names_no_provider_is_told_at_once(url, error):
    with pytest.raises(error) as caught:
        Esp(url)
    assert "key" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "word"),
    [({"recipient": "nonsense"}, "domain"), ({"recipient": "a b@mail.example"}, ""), ({"recipient": ""}, ""),
     ({"subject": "a\r\nBcc: all@mail.example"}, ""), ({"recipient": "ann@mail.example, bea@mail.example"}, ""),
     ({"sender": "x@y\r\nBcc: z"}, "")],
)  # fmt: skip
def test_what_no_header_can_hold_is_refused_before_it_leaves(site, more, word):
    result = send(postmark(site.port), **more)
    assert result.outcome is Outcome.PERMANENT
    assert word in result.detail
    assert site.asked == []


@pytest.mark.parametrize("provider", [postmark, mailgun])
@pytest.mark.parametrize(
    ("status", "outcome", "is_ours"),
    [
        (400, Outcome.PERMANENT, False), (413, Outcome.PERMANENT, False), (401, Outcome.RETRY, True),
        (402, Outcome.RETRY, True), (403, Outcome.RETRY, True), (404, Outcome.RETRY, True), (302, Outcome.RETRY, True),
        (408, Outcome.RETRY, True), (429, Outcome.THROTTLED, True), (500, Outcome.RETRY, True),
        (502, Outcome.UNKNOWN, True), (503, Outcome.RETRY, True), (504, Outcome.UNKNOWN, True),
    ],
)  # fmt: skip
def test_what_a_status_means(site, provider, status, outcome, is_ours):
    site.answers = [answer(status, b'{"message": "because"}', Retry_After="30", Location=f"{site.url}/elsewhere")]
    result = send(provider(site.port))
    assert (result.outcome, result.is_ours) == (outcome, is_ours)
    assert (result.retry_after is not None) == (outcome is Outcome.THROTTLED)
    assert str(status) in result.detail
    assert "to:ken" not in result.detail
    assert "key-1" not in result.detail
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (300, "Invalid 'To' address: 'ann@mail.example'"),
        (300, "Error parsing 'To': Illegal email domain 'x'"),
        (406, "Found inactive addresses: ann@mail.example. Inactive recipients are ones that have bounced."),
    ],
)
def test_a_recipient_that_the_provider_refuses_is_refused_for_good(site, code, message):
    site.answers = [said(422, {"ErrorCode": code, "Message": message})]
    result = send(postmark(site.port))
    assert (result.outcome, result.is_ours) == (Outcome.PERMANENT, False)


@pytest.mark.parametrize("provider", [postmark, mailgun])
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff"])
def test_an_answer_that_cannot_be_read_is_unknown(site, provider, body):
    site.answers = [answer(200, body)]
    result = send(provider(site.port))
    assert (result.outcome, result.is_ours) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("provider", [postmark, mailgun])
def test_nobody_there_and_no_answer(site, provider):
    result = send(provider(free_port()))
    assert (result.outcome, result.is_ours) == (Outcome.RETRY, True)
    for silent in (hang_up, dripping(b"HTTP/1.1 200 O")):
        site.answers = [silent]
        result = send(provider(site.port), seconds=0.5)
        assert (result.outcome, result.is_ours) == (Outcome.UNKNOWN, True)


def test_a_provider_inside_our_network_is_for_an_admin_to_mend(site, settings):
    settings.OUTGOING_ALLOWED_HOSTS = []
    result = send(postmark(site.port))
    assert (result.outcome, result.is_ours) == (Outcome.RETRY, True)
    assert site.asked == []


def test_postmark_gets_the_mail_with_its_headers(site):
    site.answers = [said(200, POSTMARK_YES)]
    result = send(postmark(site.port))
    assert (result.outcome, result.provider_id) == (Outcome.SENT, "pm-1")
    (asked,) = site.asked
    told = json.loads(asked.body)
    assert (asked.target, asked.headers["x-postmark-server-token"]) == ("/email", "to:ken")
    assert asked.headers["idempotency-key"] == "id-1"
    assert told["To"] == "Ann Price <ann@mail.example>"
    assert told["From"].endswith("<shop@example.com>")
    assert (told["Subject"], told["TextBody"]) == ("Thank you, Ann", "Thank you for your order.")
    assert told["HtmlBody"] == "<p>Thank you for your order.</p>"
    assert told["Metadata"] == {"identity": "id-1"}
    headers = {one["Name"]: one["Value"] for one in told["Headers"]}
    assert headers == {
        "Message-ID": "<id-1@example.com>",
        "List-Unsubscribe": "<https://milepost.example/u/token>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_mailgun_gets_the_mail_with_its_headers(site):
    site.answers = [said(200, MAILGUN_YES)]
    result = send(mailgun(site.port))
    assert (result.outcome, result.provider_id) == (Outcome.SENT, "<mg-1@example.com>")
    (asked,) = site.asked
    assert asked.target == "/v3/example.com/messages"
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"api:key-1"
    told = parse_qs(asked.body.decode())
    assert told["to"] == ["Ann Price <ann@mail.example>"]
    assert told["h:Message-Id"] == ["<id-1@example.com>"]
    assert told["h:List-Unsubscribe"] == ["<https://milepost.example/u/token>"]
    assert told["h:List-Unsubscribe-Post"] == ["List-Unsubscribe=One-Click"]
    assert told["v:identity"] == ["id-1"]


def test_what_providers_want_is_named_as_they_want_it():
    read = mail_urls.provider
    assert read("anymail+sendgrid://SG.key@?merge_field_format=%7B%7B%7B%7D%7D%7D") == (
        "anymail.backends.sendgrid.EmailBackend",
        {"api_key": "SG.key", "merge_field_format": "{{{}}}"},
    )
    assert read("anymail+mailjet://k:s@")[1] == {"api_key": "k", "secret_key": "s"}
    assert read("anymail+unisender-go://k@?api_url=https://go1.example/")[0] == (
        "anymail.backends.unisender_go.EmailBackend"
    )
    assert read("anymail+postmark://t@?use_bulk_api=true")[1] == {"server_token": "t", "use_bulk_api": True}
    path, options = read("anymail+ses://AK:sec%2Fret@?region_name=eu-west-1&configuration_set_name=c")
    assert path == "anymail.backends.amazon_ses.EmailBackend"
    assert options["configuration_set_name"] == "c"
    client = options["client_params"]
    assert (client["aws_access_key_id"], client["aws_secret_access_key"]) == ("AK", "sec/ret")
    assert (client["region_name"], client["config"]["retries"]) == ("eu-west-1", {"total_max_attempts": 1})


@pytest.mark.django_db
def test_staff_get_mail_by_the_same_provider(site, settings):
    backend, options = mail_urls.provider(postmark(site.port))
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options | {"requests_timeout": 5}}}
    site.answers = [said(200, POSTMARK_YES), said(422, REFUSED), answer(500)]
    outcomes = [mails.send(to="ann@mail.example", subject="Hi", text="You are asked for") for _ in range(3)]
    assert outcomes == [True, False, False]


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("", "django.core.mail.backends.console.EmailBackend"),
        ("smtp://user:pw@host:587/?tls=1", "django.core.mail.backends.smtp.EmailBackend"),
        ("smtps://host:465", "django.core.mail.backends.smtp.EmailBackend"),
        ("anymail+postmark://t@", "anymail.backends.postmark.EmailBackend"),
        ("anymail+ses://", "anymail.backends.amazon_ses.EmailBackend"),
    ],
)
def test_the_settings_read_every_kind_of_address(url, backend):
    code = "from django.conf import settings as s; print(s.EMAIL_URL, s.MAILERS['default']['BACKEND'], sep='|')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env={"EMAIL_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == f"{url}|{backend}"
