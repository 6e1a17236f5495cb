"""Calls of other systems, at a real server and checked by the library that receivers use."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from apps.campaigns.channels import Outcome
from apps.campaigns.channels.webhook import Gone, Webhook
from apps.core.outgoing import Answer
from tests.campaigns.ways import outgoing
from tests.web_server import answer, dripping, free_port, hang_up, web_server

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()


@pytest.fixture
def site(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.0/8"]
    with web_server() as found:
        yield found


def send(url: str, shape: str = "standard", *, seconds: float = 2.0, **more):
    return Webhook(url=url, shape=shape, secrets=[SECRET]).send(outgoing(**more), deadline_seconds=seconds)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "https://10.0.0.1/",
        "https://user:pw@hook.example/",
        "ftp://hook.example/",
        "",
        "nonsense",
    ],
)
def test_an_address_that_must_not_be_called_is_refused_for_good(settings, url):
    settings.OUTGOING_ALLOWED_HOSTS = []
    result = send(url)
    assert (result.outcome, result.is_ours) == (Outcome.PERMANENT, False)
    assert result.detail
    assert "pw" not in result.detail


def test_nobody_there_is_tried_again(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    result = send(f"http://127.0.0.1:{free_port()}/")
    assert (result.outcome, result.is_ours) == (Outcome.RETRY, True)


@pytest.mark.parametrize("said", [hang_up, dripping(b"HTTP/1.1 2")])
def test_no_answer_is_unknown(site, said):
    site.answers = [said]
    result = send(site.url, seconds=0.5)
    assert (result.outcome, result.is_ours) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize(
    ("status", "outcome", "is_ours"),
    [
        (200, Outcome.SENT, False), (201, Outcome.SENT, False), (202, Outcome.SENT, False), (204, Outcome.SENT, False),
        (301, Outcome.PERMANENT, False), (302, Outcome.PERMANENT, False), (307, Outcome.PERMANENT, False),
        (400, Outcome.PERMANENT, False), (401, Outcome.PERMANENT, True), (403, Outcome.PERMANENT, True),
        (404, Outcome.PERMANENT, False), (408, Outcome.RETRY, True), (410, Outcome.PERMANENT, False),
        (413, Outcome.PERMANENT, False), (422, Outcome.PERMANENT, False), (429, Outcome.THROTTLED, True),
        (500, Outcome.RETRY, True), (502, Outcome.RETRY, True), (503, Outcome.RETRY, True), (599, Outcome.RETRY, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["standard", "slack", "teams"])
def test_what_an_answer_means(site, status, outcome, is_ours, shape):
    body = b"" if status == 204 else b"what it says is never told"
    site.answers = [answer(status, body, Location=f"{site.url}/next")]
    result = send(site.url, shape)
    assert (result.outcome, result.is_ours, result.retry_after) == (outcome, is_ours, None)
    assert str(status) in result.detail
    assert "never told" not in result.detail
    assert isinstance(result, Gone) is (status == 410)
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("9999999", timedelta(hours=24)),
        ("9" * 400, timedelta(hours=24)),
    ],
)
def test_it_may_say_when_to_come_back(site, status, said, pause):
    site.answers = [answer(status, Retry_After=said)]
    result = send(site.url)
    assert (result.outcome, result.retry_after, result.is_ours) == (Outcome.THROTTLED, pause, True)


@pytest.mark.parametrize("said", ["", "soon", "-5", "1.5", "²", "Mon, 99 Foo 2026", "9 9"])
def test_a_pause_that_says_nothing_is_none(said):
    assert Answer(429, {"retry-after": said}, b"").retry_after(datetime(2026, 3, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("Mon, 02 Mar 2026 00:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 02 Mar 2026 01:10:00 +0100", timedelta(minutes=10)),
        ("Sun, 01 Mar 2026 00:00:00 GMT", timedelta(0)),
        ("Mon, 02 Mar 2099 00:10:00 GMT", timedelta(hours=24)),
    ],
)
def test_a_pause_may_be_a_date(said, pause):
    assert Answer(429, {"retry-after": said}, b"").retry_after(datetime(2026, 3, 2, tzinfo=UTC)) == pause


def test_a_receiver_can_check_the_signature(site):
    assert send(site.url + "/hook").outcome is Outcome.SENT
    (asked,) = site.asked
    told = Receiver(SECRET).verify(asked.body, asked.headers)
    assert told == outgoing().payload
    assert asked.headers["webhook-id"] == "id-1"
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "webhook-signature", "secret"])
def test_a_changed_call_fails_the_check(site, change):
    send(site.url)
    (asked,) = site.asked
    body, headers, secret = asked.body, dict(asked.headers), SECRET
    if change == "body":
        body = body.replace(b"Bo", b"Ed")
    elif change == "secret":
        secret = "whsec_" + base64.b64encode(b"x" * 24).decode()
    else:
        headers[change] = str(int(headers[change]) + 1) if change == "webhook-timestamp" else "v1,AAAA"
    with pytest.raises(WebhookVerificationError):
        Receiver(secret).verify(body, headers)


def test_every_attempt_has_the_same_id_and_body(site):
    site.answers = [answer(500), answer(200)]
    assert [send(site.url).outcome for _ in range(2)] == [Outcome.RETRY, Outcome.SENT]
    first, second = site.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_chat_room_is_told_the_text_and_what_customers_typed_calls_nobody(site):
    text = "<!channel> <https://evil.example|the shop> & more\n*bold*"
    send(site.url, "slack", text=text)
    send(site.url, "teams", text=text)
    slack, teams = (json.loads(asked.body) for asked in site.asked)
    assert slack == {"text": "&lt;!channel&gt; &lt;https://evil.example|the shop&gt; &amp; more\n*bold*"}
    assert teams["type"] == "message"
    (attachment,) = teams["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["inlines"][0]["text"] for block in card["body"]] == text.split("\n")
    assert "webhook-signature" not in site.asked[0].headers


@pytest.mark.parametrize("shape", ["slack", "teams"])
@pytest.mark.parametrize("text", ["", " ", "x" * 100_000, "\n\n", "\ud800"])
def test_odd_texts_go_to_a_chat_room_too(site, shape, text):
    result = send(site.url, shape, text=text)
    if text == "\ud800":
        assert result.outcome is Outcome.PERMANENT
    else:
        assert result.outcome is Outcome.SENT
        assert len(site.asked[0].body) < 20_000


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "", "whsec_é"])
def test_a_secret_that_is_none_signs_nothing(site, secret):
    result = Webhook(url=site.url, shape="standard", secrets=[secret]).send(outgoing(), deadline_seconds=1)
    assert result.outcome is Outcome.PERMANENT
    assert site.asked == []
