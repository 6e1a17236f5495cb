"""Notes on the web site: what is refused first, then who gets which."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.campaigns.models import Message
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.customers.models import Identity
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction, Source
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver

pytestmark = pytest.mark.django_db

NOTE = {"message": {"channel": "web", "topic": "service", "subject": "<b>Hello</b>", "body": "Your boots are here."}}
BOOTS = "https://shop.example/boots"
BUTTON = {"label": "For {{ customer.first_name }}", "url": BOOTS}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.fixture
def source() -> Source:
    return sources.create(name="Web", kind=SourceKind.BROWSER)


@pytest.fixture
def note(now) -> Message:
    published_shop(now)
    ann = CustomerFactory(name="Ann")
    Identity.objects.create(kind="anonymous", value="browser-1", customer=ann)
    enrolled(campaign(now, steps=[NOTE]), ann, now)
    run_and_deliver(now)
    Message.objects.update(sent_at=timezone.now())
    return Message.objects.get()


def get(client, source: Source | str, **query: object):
    key = source if isinstance(source, str) else source.write_key
    return client.get(reverse("web_notes"), {"writeKey": key, **query})


def tell(client, source: Source, body: object = None, *, agent: str = BROWSER, **more: object):
    data = {"writeKey": source.write_key, "anonymousId": "browser-1", **more} if body is None else body
    raw = data if isinstance(data, str | bytes) else json.dumps(data)
    headers = {"User-Agent": agent}
    return client.post(reverse("web_note_seen"), raw, content_type="text/plain", headers=headers)


@pytest.mark.parametrize("key", ["", "wk_none", "a\x00b", "x" * 5000])
def test_a_wrong_key(client, note, key):
    assert get(client, key, anonymousId="browser-1").status_code == 401


def test_the_key_of_a_server_reads_no_notes(client, note):
    server = sources.create(name="Shop", kind=SourceKind.SERVER)
    assert get(client, server, anonymousId="browser-1").status_code == 401


@pytest.mark.parametrize("anonymous", ["", "null", "anonymous", "browser-2", "a\x00", "x" * 500])
def test_nobody_else_gets_them(client, source, note, anonymous):
    response = get(client, source, anonymousId=anonymous, userId="1", email=note.customer.email)
    assert response.json() == {"notes": []}


def test_by_customer_number_or_mail_nobody_reads(client, source, note):
    Identity.objects.create(kind="external", value="cus_1", customer=note.customer)
    for query in ({"userId": "cus_1"}, {"anonymousId": "cus_1"}, {"anonymousId": note.customer.email}):
        assert get(client, source, **query).json() == {"notes": []}


@pytest.mark.parametrize("body", ["", "x", "[]", "1", b"\xff", "[" * 2000, json.dumps({"a": "x" * 3000})])
def test_nonsense(client, source, body):
    assert tell(client, source, body).status_code == 400


@pytest.mark.parametrize("note_id", [None, "1", 0, -1, 2**70, True, [], 10**9])
def test_a_note_that_is_none(client, source, note, note_id):
    assert tell(client, source, id=note_id).status_code == 204
    note.refresh_from_db()
    assert note.opened_at is None


def test_the_browser_gets_it_until_it_was_seen(client, source, note):
    assert note.provider == "web"
    response = get(client, source, anonymousId="browser-1")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response.json() == {
        "notes": [{"id": note.pk, "title": "<b>Hello</b>", "text": "Your boots are here.", "link": "", "linkText": ""}]
    }
    for _ in range(2):
        assert tell(client, source, id=note.pk).status_code == 204
    assert get(client, source, anonymousId="browser-1").json() == {"notes": []}
    note.refresh_from_db()
    assert (note.opened_at is not None, note.clicked_at) == (True, None)
    assert Interaction.objects.get(event="Message Opened").by == "machine"


@pytest.fixture
def with_button(now, note):
    """Another one, newer."""
    step = {"message": {**NOTE["message"], "utm": False, "button": BUTTON}}
    enrolled(campaign(now, name="With a button", steps=[step]), note.customer, now, cause="entry:2")
    run_and_deliver(now)
    message = Message.objects.latest("pk")
    Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())
    return message


def test_its_button_is_a_persons_click(client, source, with_button):
    newest = get(client, source, anonymousId="browser-1").json()["notes"][0]
    assert (newest["id"], newest["link"], newest["linkText"]) == (with_button.pk, BOOTS, "For Ann")
    for _ in range(2):
        tell(client, source, id=with_button.pk, clicked=True)
    with_button.refresh_from_db()
    assert with_button.clicked_at is not None
    assert Interaction.objects.get(event="Message Clicked").channel == "web"


def test_who_said_no_in_the_meantime_gets_none(client, source, note):
    consents.record(
        customer=note.customer, channel="web", topic=None, choice=Choice.OUT, at=timezone.now(), evidence="the page"
    )
    assert get(client, source, anonymousId="browser-1").json() == {"notes": []}


def test_a_machine_has_seen_nothing(client, source, note):
    tell(client, source, id=note.pk, agent="Googlebot/2.1")
    note.refresh_from_db()
    assert note.opened_at is None


def test_after_fourteen_days_it_is_old(client, source, note):
    Message.objects.update(sent_at=timezone.now() - timedelta(days=15))
    assert get(client, source, anonymousId="browser-1").json() == {"notes": []}


def test_methods(client, source):
    for name, method in (("web_notes", "post"), ("web_note_seen", "get")):
        assert getattr(client, method)(reverse(name)).status_code == 405
        assert client.options(reverse(name)).status_code == 204
