"""POST /v1/…: bad input first, then what real clients were captured sending."""

import gzip
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core.models import Change
from apps.customers.models import Customer, Identity
from apps.touchpoints import wire
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction, RefusedItem
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
NOW = "2026-11-22T10:00:00Z"


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


@pytest.fixture
def browser():
    return sources.create(name="Web", kind=SourceKind.BROWSER)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b'{"batch": 5}', 400),
        (b"{}", 400),
        (b'{"batch": [' + b"[" * 5000 + b"]" * 5000 + b"]}", 400),
        (b'{"batch": []}', 200),
    ],
)
def test_bodies_that_are_no_batch(client, source, body, status):
    response = post(client, source, "batch", body)
    assert response.status_code == status
    assert response.json()["success"] is (status == 200)


def test_the_write_key_must_be_right(client, source):
    assert client.post("/v1/track", b"{}", content_type="text/plain").status_code == 401
    assert post(client, type("Other", (), {"write_key": "wk_other"}), "track", track("X")).status_code == 401
    in_body = {**track("X"), "writeKey": source.write_key}
    assert client.post("/v1/track/", json.dumps(in_body), content_type="text/plain").status_code == 200
    headers = {"Authorization": f"Bearer {source.write_key}"}
    assert client.post("/v1/t", json.dumps(track("Y")), content_type="x/y", headers=headers).status_code == 200
    assert Interaction.objects.count() == 2


def test_a_disabled_source_takes_nothing(client, source):
    source.is_active = False
    source.save()
    assert post(client, source, "track", track("X")).status_code == 401


def test_the_wrong_method_and_cors(client):
    assert client.get("/v1/track").status_code == 405
    response = client.options("/v1/track")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Authorization" in response["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b'{"batch": []}', mtime=0), "gzip", 200),
        (b"no gzip", "gzip", 400),
        (gzip.compress(b'{"batch": []}', mtime=0)[:-4], "gzip", 400),
        (gzip.compress(b" " * (wire.MAX_BODY_BYTES + 10), mtime=0), "gzip", 413),
        (b" " * (wire.MAX_BODY_BYTES + 1), "", 413),
        (b'{"batch": []}', "br", 415),
        (b'{"batch": []}', "identity", 200),
    ],
)
def test_content_encodings(client, source, body, encoding, status):
    headers = {"Content-Encoding": encoding} if encoding else {}
    assert post(client, source, "batch", body, **headers).status_code == status


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (5, "JSON object"),
        ({}, "type must be"),
        ({"type": "batch", "userId": "u"}, "type must be"),
        ({"type": ["track"], "userId": "u"}, "type must be"),
        (track("") | {"event": ""}, "name of its event"),
        (track("x" * 201), "at most 200"),
        ({"type": "track", "event": "X"}, "userId or an anonymousId"),
        (track("X", user="null"), "userId or an anonymousId"),
        (track("X", user="guest"), "userId or an anonymousId"),
        (track("X", user={"a": 1}), "text or a number"),
        (track("X", user="u" * 201), "at most 200"),
        (track("X", messageId="m" * 101), "at most 100"),
        (track("X", messageId=["m"]), "must be text"),
        (track("X", properties=[1]), "properties must be an object"),
        (track("X", context="web"), "context must be an object"),
        (track("X", timestamp="yesterday"), "ISO 8601"),
        (track("X", timestamp=1700000000), "ISO 8601"),
        (track("X", properties={str(n): n for n in range(501)}), "500 keys"),
        (track("X", properties=json.loads('{"a":' * 40 + "1" + "}" * 40)), "32 levels"),
    ],
)
def test_one_bad_item_never_fails_its_batch(client, source, item, reason):
    response = post(client, source, "batch", {"batch": [item, track("Good", messageId="good")]})
    assert response.status_code == 200
    assert list(Interaction.objects.values_list("event", flat=True)) == ["Good"]
    assert reason in RefusedItem.objects.get(source=source).reason


def test_refused_items_stand_on_the_source_page_with_their_reason(admin_client, source):
    post(admin_client, source, "track", {"userId": "u"})
    page = admin_client.get(f"/sources/{source.pk}/").content.decode()
    assert "needs the name of its event" in page


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"track","event":"X","userId":"u","properties":{"a":NaN,"b":Infinity}}',
        b'{"type":"track","event":"X","userId":"u","properties":{"a":123456789012345678901234567890}}',
        b'{"type":"track","event":"X","userId":"u","properties":{"a":1e400}}',
        b'{"type":"track","event":"X\\u0000Y","userId":"u\\u0000","properties":{"\\u0000k":"\\u0000"}}',
        b'{"type":"track","event":"X","userId":"u","properties":{"a":"\\ud800"}}',
        b'{"type":"track","event":"X","userId":"u","properties":{"a":"\xff\xfe"}}',
        b'{"type":"track","event":"X","userId":"u","properties":{"a":"\xed\xa0\x80"}}',
        b'{"type":"track","event":"X","userId":"u","messageId":"m\\u0000","properties":{"a":[null,[],{}]}}',
        b'{"type":"track","event":"X","userId":-0.0,"properties":{"a":1}}',
        b'{"type":"track","event":"X","userId":"u","timestamp":"0001-01-01T00:00:00Z","sentAt":"9999-12-31T00:00:00Z"}',
        b'{"type":"track","event":"X","userId":"u","timestamp":"9999-12-31T23:59:59Z"}',
        b'{"type":"identify","userId":"u","traits":{"email":5,"phone":{},"name":[1],"country":"\\u0000"}}',
        b'\xef\xbb\xbf{"type":"track","event":"X","userId":"u"}',
    ],
)
def test_hostile_values_are_cleaned_or_refused_never_a_fault(client, source, body):
    response = post(client, source, "identify" if b"identify" in body else "track", body)
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        assert Interaction.objects.count() + RefusedItem.objects.count() == 1


def test_a_repeated_message_is_stored_once_and_the_first_copy_wins(client, source):
    first, second = track("First", messageId="m1"), track("Second", messageId="m1")
    post(client, source, "batch", {"batch": [first, second]})
    post(client, source, "batch", {"batch": [second]})
    assert Interaction.objects.get().event == "First"
    assert Change.objects.count() == 1


def test_a_batch_costs_the_same_number_of_statements_at_any_size(client, source, django_assert_num_queries):
    users = [f"u{n}" for n in range(50)]
    for event in ("V", "X"):  # the first event of a source is noted, and then kept in the process
        post(client, source, "batch", {"batch": [track(event, user=user) for user in users]})
    with django_assert_num_queries(1):  # interactions with their changes; identities are asked beside, prepared
        post(client, source, "batch", {"batch": [track("Y", user=user) for user in users]})
    with django_assert_num_queries(1):
        post(client, source, "batch", {"batch": [track("Z", user=users[0])]})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"timestamp": "2026-01-02T03:04:05+00:00"}, "2026-01-02T03:04:05+00:00"),
        ({"timestamp": "2026-01-02T03:04:05.123456"}, "2026-01-02T03:04:05.123456+00:00"),
        ({"originalTimestamp": "2026-01-02T03:04:05Z"}, "2026-01-02T03:04:05+00:00"),
        ({"timestamp": "2026-11-22T09:00:00Z", "sentAt": "2026-11-22T09:30:00Z"}, "2026-11-22T09:30:00+00:00"),
        ({"timestamp": "2026-11-22T09:00:00Z", "sentAt": "2026-11-22T09:59:30Z"}, "2026-11-22T09:00:00+00:00"),
        ({"timestamp": "2026-11-22T12:00:00Z"}, "2026-11-22T10:00:00+00:00"),
        ({"sentAt": "2026-11-22T08:00:00Z"}, "2026-11-22T10:00:00+00:00"),
        ({}, "2026-11-22T10:00:00+00:00"),
    ],
)
def test_when_it_happened(fields, expected):
    received = timezone.datetime.fromisoformat("2026-11-22T10:00:00+00:00")
    call = wire.open_call("track", track("X") | fields)
    (item,) = wire.read_items(call, received_at=received, is_public=False)
    assert item.occurred_at.isoformat() == expected


def test_page_screen_identify_group_and_alias(client, source):
    batch = [
        {"type": "page", "userId": "u1", "name": "Home", "category": "Docs", "properties": {"url": "/"}},
        {"type": "screen", "userId": "u1", "name": "Main"},
        {"type": "identify", "userId": "u1", "context": {"traits": {"email": "A@Mail.example", "plan": "gold"}}},
        {"type": "group", "userId": "u1", "groupId": "g1", "traits": {"name": "Acme"}},
        {"type": "alias", "userId": "u1", "previousId": "anon"},
    ]
    post(client, source, "batch", {"batch": batch})
    rows = list(Interaction.objects.order_by("pk").values_list("event", "by"))
    assert rows == [
        ("Page Viewed", "customer"), ("Screen Viewed", "customer"), ("Identify", "machine"), ("Group", "machine"),
        ("Alias", "machine"),
    ]  # fmt: skip
    assert Interaction.objects.first().properties == {"name": "Home", "category": "Docs", "url": "/"}
    customer = Customer.objects.get()
    assert (customer.email, customer.traits) == ("a@mail.example", {"plan": "gold"})
    assert set(Identity.objects.values_list("kind", "value")) == {
        ("external", "u1"), ("anonymous", "anon"), ("email", "a@mail.example"),
    }  # fmt: skip


def test_the_channel_is_said_or_by_library_or_the_source(client, source):
    def send(context):
        post(client, source, "track", track("X", context=context))
        return Interaction.objects.latest("pk").channel

    assert send({"channel": "store"}) == "store"
    assert send({"library": {"name": "analytics.js"}}) == "web"
    assert send({"library": {"name": "analytics-ios"}}) == "app"
    assert send({"library": {"name": "analytics-python"}, "channel": "server"}) == source.channel


CAPTURES = sorted((settings.SHARED_DATA / "client_captures").glob("[rs]*.json"))


@pytest.mark.skipif(not CAPTURES, reason=f"no captured requests in SHARED_DATA ({settings.SHARED_DATA})")
@pytest.mark.parametrize("file", CAPTURES, ids=lambda path: path.stem)
def test_captured_requests_of_real_clients(client, source, file):
    wanted = 0
    for request in json.loads(file.read_text()):
        if request["method"] != "POST":
            continue
        body = json.dumps(request["json"]).encode()
        headers = {"Content-Encoding": "gzip"} if request["body_was_gzip"] else {}
        if request["body_was_gzip"]:
            body = gzip.compress(body)
        response = post(client, source, request["path"].rstrip("/").rsplit("/", 1)[-1], body, **headers)
        assert (response.status_code, response.json()) == (200, {"success": True})
        messages = request["json"].get("batch", [request["json"]])
        wanted += len(messages)
    assert Interaction.objects.count() == wanted
    assert not RefusedItem.objects.exists()


def test_the_snippet_is_a_script_anyone_may_load(client):
    response = client.get("/t.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert b"window.milepost" in response.content


def test_an_event_long_ago_is_fine(client, source):
    old = (timezone.now() - timedelta(days=3000)).isoformat()
    post(client, source, "track", track("X", timestamp=old))
    assert Interaction.objects.get().occurred_at.isoformat() == old


def test_a_server_may_say_that_the_company_did_it_and_a_browser_may_not(client, source, browser):
    said = track("Order Shipped", context={"by": "company"})
    post(client, source, "track", said)
    post(client, browser, "track", said)
    assert list(Interaction.objects.order_by("pk").values_list("by", flat=True)) == ["company", "customer"]


def test_who_is_imported_was_first_seen_when_it_happened(client, source):
    post(client, source, "track", track("X", timestamp="2020-05-01T10:00:00Z"))
    customer = Customer.objects.get()
    assert customer.first_seen_at == customer.last_activity_at == timezone.datetime.fromisoformat("2020-05-01T10:00Z")
