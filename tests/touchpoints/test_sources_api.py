"""Sources and unmatched traffic from the outside."""

import pytest
from django.test import Client

from apps.staff.actions import api_keys
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Source
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def api(db) -> Client:
    return Client(headers={"Authorization": f"Api-Key {api_keys.create(name='Office', scopes=['admin'])}"})


def test_a_source_is_made_and_takes_events(api):
    made = api.post("/api/sources/", {"name": "Shop", "kind": "server"}, content_type=JSON).json()
    assert api.get(f"/api/sources/{made['id']}/").json() == made
    event = {"userId": "u1", "event": "Bought"}
    first = Client().post("/v1/track", event | {"writeKey": made["write_key"]}, content_type=JSON)
    assert first.status_code == 200
    renewed = api.post(f"/api/sources/{made['id']}/renew-key/").json()
    assert renewed["write_key"] != made["write_key"]
    again = Client().post("/v1/track", event | {"writeKey": made["write_key"]}, content_type=JSON)
    assert again.status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "", "kind": "server"}, 400, "name"), ({"name": "Shop", "kind": "staff"}, 400, "kind"),
        ({"name": "Taken", "kind": "server"}, 409, "name"),
    ],
)  # fmt: skip
def test_a_wrong_source_says_what_is_wrong(api, body, status, said):
    Source.objects.create(name="Taken", kind="browser")
    response = api.post("/api/sources/", body, content_type=JSON)
    assert (response.status_code, list(response.json())) == (status, [said])


def test_unmatched_traffic_gives_what_makes_a_touchpoint(api):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    assert post(Client(), source, "batch", {"batch": [track("Kiosk used")]}).status_code == 200
    found = api.get("/api/touchpoints/unmatched/").json()
    assert found["count"] == 1
    group = found["events"][0]
    assert (group["rule"], group["count"]) == ({"event": "Kiosk used"}, 1)
    body = {"name": group["name"], "channel": group["channel"], "rules": [group["rule"]]}
    assert api.post("/api/touchpoints/", body, content_type=JSON).status_code == 201
