"""Cards of a draft by the API, one by one."""

import json

import pytest
from django.urls import reverse

from apps.journeys import wire
from apps.journeys.actions import drafts
from apps.journeys.models import Card, Journey, MapEdit
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.factories import staff
from tests.journeys.maps import SHOP

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


@pytest.fixture
def api(client):
    client.force_login(staff(Role.MARKETER))
    return client


def cards(journey) -> str:
    return reverse("api_card_list", args=[journey.pk])


def one(journey) -> str:
    return reverse("api_card_detail", args=[journey.pk, Card.objects.get().key])


def send(client, method, url, data):
    return client.generic(method, url, json.dumps(data), content_type="application/json")


def test_listed_with_key_and_revision(api, journey):
    (card,) = api.get(cards(journey)).json()["results"]
    assert card == {"step": "Sees a product", "lane": "Pain points", "key": str(Card.objects.get().key),
                    "text": "No price without a call", "severity": 3, "revision": 0}  # fmt: skip


def test_added(api, journey):
    said = {"step": "Buys", "lane": "Pain points", "text": "Pays twice", "severity": 5, "status": "open"}
    answer = send(api, "POST", cards(journey), said)
    assert answer.status_code == 201
    assert answer.json().items() >= said.items()
    assert MapEdit.objects.get().label == "Add “Pays twice”"


@pytest.mark.parametrize(
    ("said", "words"),
    [({}, "text"), ({"step": "Moon"}, "no step 'Moon'"), ({"lane": ["x"]}, "no lane"), ({"severity": "high"}, "whole"),
     ({"colour": "red"}, "unknown name 'colour'"), ({"owner": "nobody@x.example"}, "no member of staff")],
)  # fmt: skip
def test_a_mistake_says_so(api, journey, said, words):
    base = {"step": "Buys", "lane": "Pain points", "text": "X"} if said else {}
    answer = send(api, "POST", cards(journey), base | said)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert Card.objects.count() == 1


@pytest.mark.parametrize("body", ["[]", "5", "null", '"x"'])
def test_a_body_that_is_no_object(api, journey, body):
    assert api.post(cards(journey), body, content_type="application/json").status_code == 400


def test_changed_and_moved(api, journey):
    answer = send(
        api, "PATCH", one(journey), {"revision": 0, "text": "Price unclear", "severity": None, "step": "Buys"}
    )
    assert answer.status_code == 200
    assert (answer.json()["text"], answer.json()["step"], answer.json()["revision"]) == ("Price unclear", "Buys", 1)
    assert "severity" not in answer.json()


def test_who_was_faster_is_shown(api, journey):
    send(api, "PATCH", one(journey), {"revision": 0, "text": "Theirs"})
    answer = send(api, "PATCH", one(journey), {"revision": 0, "text": "Mine"})
    assert answer.status_code == 409
    assert answer.json()["card"]["text"] == "Theirs"
    assert api.delete(one(journey) + "?revision=0").status_code == 409
    assert api.delete(one(journey) + "?revision=1").status_code == 204
    assert not Card.objects.exists()


@pytest.mark.parametrize("revision", [None, "0", True, 1.5])
def test_a_revision_must_be_said(api, journey, revision):
    assert send(api, "PATCH", one(journey), {"revision": revision, "text": "X"}).status_code == 400
    assert api.delete(one(journey) + f"?revision={revision}x").status_code == 400


def test_a_key_that_may_read_does_not_write(client, journey):
    key = api_keys.create(name="K", scopes=["read"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    assert client.get(cards(journey)).status_code == 200
    assert send(client, "POST", cards(journey), {}).status_code == 403
    assert send(client, "PATCH", one(journey), {}).status_code == 403
    assert client.delete(one(journey)).status_code == 403
