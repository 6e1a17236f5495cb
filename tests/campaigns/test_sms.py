"""SMS over Twilio's HTTP, at a server that answers as Twilio does."""

import base64
import json
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.campaigns.channels import Outcome
from apps.campaigns.channels.sms import CODES, Twilio
from tests.campaigns.ways import outgoing
from tests.web_server import answer, dripping, free_port, hang_up, web_server


@pytest.fixture
def site(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with web_server() as found:
        yield found


def send(port: int, query: str = "from=%2B4930123456", *, seconds: float = 2.0, **more):
    channel = Twilio(f"twilio://AC1:s%3Aecret@127.0.0.1:{port}/?{query}&insecure=1")
    return channel.send(outgoing(**({"recipient": "+491701234567"} | more)), deadline_seconds=seconds)


def said(code: int, /, **fields) -> bytes:
    return answer(code, json.dumps(fields).encode(), Content_Type="application/json")


@pytest.mark.parametrize(
    "url",
    [
        "twilio://",
        "twilio://host/?from=1",
        "twilio://AC1:t@host/",
        "twilio://AC1:t@host/?from=",
        "smtp://AC1:t@host/?from=1",
    ],
)
def test_an_address_that_says_too_little_is_told_at_once(url):
    with pytest.raises(ImproperlyConfigured, match="SMS_URL"):
        Twilio(url)


def test_a_host_that_may_not_be_called_by_http_is_for_an_admin_to_mend(site, settings):
    settings.OUTGOING_ALLOWED_HOSTS = []
    result = send(site.port)
    assert (result.outcome, result.is_ours) == (Outcome.RETRY, True)
    assert site.asked == []


@pytest.mark.parametrize(
    ("status", "fields", "outcome", "is_ours"),
    [
        (400, {"code": 21211, "message": "Invalid 'To' Phone Number"}, Outcome.PERMANENT, False),
        (400, {"code": 21614}, Outcome.PERMANENT, False),
        (400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"}, Outcome.PERMANENT, False),
        (400, {"code": 21617}, Outcome.PERMANENT, False),
        (400, {"code": 21606}, Outcome.RETRY, True),
        (400, {"code": 21611}, Outcome.THROTTLED, True),
        (400, {"code": 30003}, Outcome.RETRY, False),
        (400, {"code": 30008}, Outcome.UNKNOWN, False),
        (400, {"code": 20429}, Outcome.THROTTLED, True),
        (429, {}, Outcome.THROTTLED, True),
        (429, {"code": 20429, "message": "Too Many Requests"}, Outcome.THROTTLED, True),
        (401, {"code": 20003}, Outcome.RETRY, True),
        (403, {}, Outcome.RETRY, True),
        (404, {"code": 20404}, Outcome.RETRY, True),
        (404, {}, Outcome.RETRY, True),
        (500, {"code": 21211}, Outcome.RETRY, True),
        (502, {}, Outcome.UNKNOWN, True),
        (503, {}, Outcome.RETRY, True),
        (504, {"code": 21211}, Outcome.UNKNOWN, True),
        (400, {"code": 99999}, Outcome.PERMANENT, False),
        (400, {"code": "21211"}, Outcome.PERMANENT, False),
        (422, {}, Outcome.PERMANENT, False),
        (302, {}, Outcome.PERMANENT, False),
        (200, {}, Outcome.UNKNOWN, True),
        (201, {"sid": ""}, Outcome.UNKNOWN, True),
    ],
)
def test_what_an_answer_means(site, status, fields, outcome, is_ours):
    site.answers = [said(status, **fields)]
    result = send(site.port)
    assert (result.outcome, result.is_ours, result.provider_id) == (outcome, is_ours, "")
    assert fields.get("message", "") in result.detail


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff\xfe", b'{"code": {}}', b"[" * 60_000])
def test_an_answer_that_is_no_json_is_judged_by_its_status(site, body):
    site.answers = [answer(400, body), answer(503, body), answer(200, body)]
    outcomes = [send(site.port).outcome for _ in range(3)]
    assert outcomes == [Outcome.PERMANENT, Outcome.RETRY, Outcome.UNKNOWN]


def test_how_long_to_wait_is_kept(site):
    site.answers = [answer(429, Retry_After="7")]
    assert send(site.port).retry_after.total_seconds() == 7


def test_nobody_there_and_no_answer(site):
    result = send(free_port())
    assert (result.outcome, result.is_ours) == (Outcome.RETRY, True)
    for silent in (hang_up, dripping(b"HTTP/1.1 201 C")):
        site.answers = [silent]
        result = send(site.port, seconds=0.5)
        assert (result.outcome, result.is_ours) == (Outcome.UNKNOWN, True)


def test_a_message_is_handed_over_as_twilio_wants_it(site):
    site.answers = [said(201, sid="SM123", status="queued")]
    result = send(
        site.port, "from=%2B4930123456&callback=https%3A%2F%2Fmilepost.example%2Fhooks%2Fx", text="Grüße & Dank 👋"
    )
    assert (result.outcome, result.provider_id, result.detail) == (Outcome.SENT, "SM123", "queued")
    (asked,) = site.asked
    assert (asked.method, asked.target) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"AC1:s:ecret"
    assert parse_qs(asked.body.decode()) == {
        "To": ["+491701234567"],
        "From": ["+4930123456"],
        "Body": ["Grüße & Dank 👋"],
        "StatusCallback": ["https://milepost.example/hooks/x"],
    }


def test_a_messaging_service_takes_the_place_of_a_number(site):
    site.answers = [said(201, sid="SM1")]
    send(site.port, "service=MG9")
    assert parse_qs(site.asked[0].body.decode())["MessagingServiceSid"] == ["MG9"]
    assert "From=" not in site.asked[0].body.decode()


def test_the_table_says_who_is_never_written_to_again():
    assert {code for code, meaning in CODES.items() if meaning.is_opt_out} == {21610}
    assert {code for code, meaning in CODES.items() if meaning.is_dead} >= {21211, 21614, 30005}
    for code, meaning in CODES.items():
        assert meaning.outcome is not Outcome.SENT, code
        if meaning.is_dead or meaning.is_opt_out:
            assert meaning.outcome is Outcome.PERMANENT, code
