"""Logging and retracting by the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.touchpoints.models import Interaction, Touchpoint
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def url(db) -> str:
    return f"/api/customers/{CustomerFactory().pk}/interactions/"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"event": ""}, "event"), ({"channel": "pigeon"}, "channel"), ({"touchpoint": "Moon"}, "touchpoint"),
        ({"at": (timezone.now() + timedelta(days=2)).isoformat()}, "at"), ({"at": "1900-01-01T00:00:00Z"}, "at"),
    ],
)  # fmt: skip
def test_a_wrong_entry_says_what_is_wrong(client, url, wrong, said):
    client.force_login(staff(Role.AGENT))
    response = client.post(url, {"event": "Call", "channel": "phone"} | wrong, content_type=JSON)
    assert (response.status_code, list(response.json())) == (400, [said])
    assert not Interaction.objects.exists()


def test_an_agent_logs_and_retracts(client, url):
    agent = staff(Role.AGENT)
    client.force_login(agent)
    Touchpoint.objects.create(name="Hotline", channel="phone")
    body = {"event": "Call", "channel": "phone", "touchpoint": "Hotline", "note": "Asked for an invoice"}
    made = client.post(url, body, content_type=JSON)
    assert made.status_code == 201
    row = Interaction.objects.get()
    assert made.json() | {"at": None} == {"id": row.pk, "by": "customer", "at": None, **body}
    assert (row.properties["user_id"], row.touchpoint.name) == (agent.pk, "Hotline")
    retract = f"/api/interactions/{row.pk}/retract/"
    assert client.post(retract).status_code == 204
    assert client.post(retract).status_code == 409


def test_a_key_logs_in_nobodys_name(url):
    api = Client(headers={"Authorization": f"Api-Key {api_keys.create(name='Phone', scopes=['write'])}"})
    made = api.post(url, {"event": "Call", "by": "company", "channel": "phone"}, content_type=JSON).json()
    row = Interaction.objects.get()
    assert (row.pk, row.by, row.properties) == (made["id"], "company", {"note": ""})
    assert api.post(f"/api/interactions/{row.pk}/retract/").status_code == 204


def test_nobody_logs_on_who_is_gone(client):
    client.force_login(staff(Role.AGENT))
    assert client.post("/api/customers/999/interactions/", {}, content_type=JSON).status_code == 404
