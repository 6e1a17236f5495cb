"""Personas, the conversion rule and suppressions by the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.campaigns.models import Suppression
from apps.core.models import CompanySettings
from apps.customers.models import Persona
from apps.staff.enums import Role
from tests.factories import staff

pytestmark = pytest.mark.django_db
GOLD = {"trait": ["plan", "=", "gold"]}


@pytest.fixture
def admin(client):
    client.force_login(staff(Role.ADMIN))
    return client


def send(client, method: str, url: str, body: object, status: int):
    response = getattr(client, method)(url, body, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def test_a_persona_is_given_by_the_rule(admin):
    persona = Persona.objects.create(name="Weekend hiker")
    url = f"/api/personas/{persona.pk}/"
    assert "Unknown rule" in send(admin, "patch", url, {"rule": {"sometimes": 1}}, 400)["rule"]
    send(admin, "patch", url, {"rule": [GOLD]}, 400)
    said = send(admin, "patch", url, {"rule": GOLD}, 200)
    assert (said["rule"], said["sentence"]) == (GOLD, "plan is “gold”")
    assert admin.get("/api/personas/").json()["results"] == [said]


def test_who_has_bought_is_said_by_a_rule(admin):
    url, rule = "/api/conversion-rule/", {"did": {"event": "Contract Signed"}}
    assert send(admin, "patch", url, {"rule": {}}, 400)["rule"].startswith("Say what somebody did")
    send(admin, "patch", url, {"rule": rule}, 200)
    assert CompanySettings.current().conversion_rule == rule == admin.get(url).json()["rule"]


def test_an_address_is_suppressed_once_and_let_go(admin):
    url = "/api/suppressions/"
    assert "neither an e-mail" in send(admin, "post", url, {"address": "nobody"}, 400)["address"]
    first = send(admin, "post", url, {"address": "Ann@Mail.example"}, 201)
    assert (first["address"], first["channel"]) == ("ann@mail.example", "email")
    assert send(admin, "post", url, {"address": "ann@mail.example"}, 201)["id"] == first["id"]
    Suppression.objects.update(until=timezone.now() - timedelta(days=1))  # the pause of soft bounces, over by now
    assert send(admin, "post", url, {"address": "ann@mail.example"}, 201)["until"] is None
    assert [row["id"] for row in admin.get(url).json()["results"]] == [first["id"]]
    send(admin, "delete", f"{url}{first['id']}/", {}, 204)
    assert not Suppression.objects.exists()
