"""The REST calls of interface.md, exactly."""

import pytest
from django.utils import timezone

from apps.journeys.models import Stage, Step
from apps.staff.actions import api_keys
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from tests.factories import THANK_YOU, CustomerFactory, surveys_and_sites
from tests.journeys.maps import SHOP
from tests.pipeline import drain
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    key = api_keys.create(name="checks", scopes=["read", "write", "personal"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    return client


def call(api, path: str, data=None, status: int = 200):
    response = api.get(path) if data is None else api.post(path, data, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def test_a_journey_from_text_to_history(api):
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    assert call(api, f"/api/journeys/{journey['id']}/publish/", {})["version"] == 1
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    batch = [
        {"type": "identify", "userId": "u1", "traits": {"email": "ann@mail.example", "name": "Ann"}},
        track("Product Viewed", timestamp="2026-03-01T10:00:00Z"),
        track("Order Completed", timestamp="2026-03-03T10:00:00Z", properties={"order_id": "A1"}),
        track("Product Viewed", timestamp="2026-03-04T10:00:00Z"),
        track("Odd", timestamp="2026-03-05T10:00:00Z"),
    ]
    post(api, source, "batch", {"batch": batch})
    key = api_keys.create(name="checks", scopes=["read", "write", "personal"])
    api.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    now = timezone.now()
    drain(now)

    for identity in ("u1", "ann@mail.example", "ANN@mail.example"):
        (customer,) = call(api, f"/api/customers/?identity={identity}")["results"]
    assert call(api, "/api/customers/?identity=nobody")["results"] == []

    base = f"/api/customers/{customer['id']}"
    page = call(api, f"{base}/timeline/?page_size=2")
    assert [row["event"] for row in page["results"]] == ["Identify", "Odd"]
    assert set(page["results"][0]) == {"id", "at", "event", "by", "channel", "touchpoint", "title", "properties"}
    assert page["next"].startswith("http://testserver/api/customers/")
    rest = call(api, page["next"].removeprefix("http://testserver"))
    assert [row["event"] for row in rest["results"]] == ["Product Viewed", "Order Completed"]

    (standing,) = call(api, f"{base}/journeys/")["results"]
    assert (standing["journey"], standing["lap"], standing["stage"]) == ("Web shop", 1, "Lapsed")
    assert [(h["lap"], h["stage"], h["left_at"] is None) for h in standing["history"]] == [
        (1, "Awareness", False), (1, "Purchase", False), (1, "Lapsed", True),
    ]  # fmt: skip
    kinds = {(d["kind"], d["step"]) for d in standing["deviations"]}
    assert kinds >= {("backward", "Sees a product"), ("skipped", "Fills the cart"), ("off-map", "Odd")}
    assert ("skipped", "Asks a question") not in kinds

    funnel = call(api, f"/api/journeys/{journey['id']}/funnel/")["steps"]
    assert funnel[0] == {"step": "Sees a product", "count": 1}
    assert [step["count"] for step in funnel] == [1, 0, 0, 0, 0]
    any_order = call(api, f"/api/journeys/{journey['id']}/funnel/?order=any")["steps"]
    assert [step["count"] for step in any_order] == [1, 0, 0, 1, 0]
    grouped = call(api, f"/api/journeys/{journey['id']}/funnel/?breakdown=properties.order_id&order=any")
    assert [group["value"] for group in grouped["groups"]] == ["A1", None]


@pytest.mark.parametrize(
    "query",
    ["order=sideways", "unit=company", "window_seconds=-1", "from=yesterday", "breakdown=event", "to=2026-99-01"],
)
def test_a_wrong_funnel_is_400_and_says_which_part(api, query):
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    call(api, f"/api/journeys/{journey['id']}/publish/", {})
    answer = api.get(f"/api/journeys/{journey['id']}/funnel/?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()


def test_export_is_what_import_takes(api):
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    text = call(api, f"/api/journeys/{journey['id']}/")
    assert [stage["name"] for stage in text["stages"]][-1] == "Lapsed"
    again = call(api, "/api/journeys/import/", text, 201)
    assert again["id"] == journey["id"]
    assert call(api, f"/api/journeys/{journey['id']}/") == text


def test_renaming_keeps_the_key(api):
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    stage, step = Stage.objects.get(name="Purchase"), Step.objects.get(name="Buys")
    text = call(api, f"/api/journeys/{journey['id']}/")
    text["stages"][2] |= {"name": "Order", "was": "Purchase"}
    text["stages"][2]["steps"][0] |= {"name": "Orders", "was": "Buys"}
    call(api, "/api/journeys/import/", text, 201)
    assert Stage.objects.get(name="Order").key == stage.key
    assert Step.objects.get(name="Orders").key == step.key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stages": []}, "at least one stage"),
        ({"stages": [{"name": "A", "kind": "magic"}]}, "unknown kind"),
        ({"stages": [{"name": "A", "kind": "use"}, {"name": "A", "kind": "use"}]}, "two stages"),
        ({"stages": [{"name": "A", "kind": "lapsed"}, {"name": "B", "kind": "lapsed"}]}, "Only one stage"),
        ({"colour": "red"}, "unknown name 'colour'"),
        ({"lanes": [{"kind": "gold", "name": "G"}]}, "unknown kind"),
        ({"cards": [{"step": "Nowhere", "lane": "Pain points", "text": "x"}]}, "there is no step 'Nowhere'"),
        ({"stages": [{"name": "A", "kind": "use", "steps": [{"name": "S", "match": [{}]}]}]}, "which interactions fit"),
        ({"stages": [{"name": "A", "kind": "use", "steps": [{"name": "S", "emotion": 3}]}]}, "from -2 to 2"),
        (
            {"stages": [{"name": "A", "kind": "use", "steps": [
                {"name": "S", "match": [{"event": "X", "where": [["customer.name", "=", 1]]}]}]}]},
            "must begin with properties.",
        ),
        ({"lapse_after_days": 0}, "whole number from 1"),
        ({"name": ""}, "name"),
    ],
)  # fmt: skip
def test_a_map_that_is_none_is_400_and_named(api, change, said):
    answer = call(api, "/api/journeys/import/", {**SHOP, **change}, 400)
    assert said in answer["detail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"journey": "Nowhere"}, "no published journey"),
        ({"trigger": {"on": "scored", "stage": "Purchase"}}, "not supported"),
        ({"trigger": {"on": "sometimes"}}, "'sometimes' is not supported"),
        ({"trigger": {"on": "stage_entered", "stage": "Purchase", "key": "order"}}, "properties.order_id"),
        ({"journey": None}, "needs a journey"),
        ({"trigger": {"on": "overdue", "stage": "Nowhere"}}, "no stage 'Nowhere'"),
        ({"reentry": "sometimes"}, "reentry"),
        ({"holdout_percent": 95}, "from 0 to 90"),
        ({"priority": "high"}, "whole number from 1 to 9"),
        ({"steps": []}, "at least one step"),
        ({"steps": [{"jump": {}}]}, "must be an object with one of"),
        ({"steps": [{"branch": {}}]}, "ways must be a list"),
        ({"steps": [{"branch": {"ways": [{"steps": []}]}}]}, "way 1 needs a rule"),
        ({"steps": [{"split": {"ways": [{"percent": 40}, {"percent": 40}]}}]}, "add up to 100"),
        ({"steps": [{"wait": {"for": {}}}]}, "what is waited for"),
        ({"steps": [{"wait": {"date": {"trait": "renewal", "at": "noon"}}}]}, "a time such as"),
        ({"steps": [{"update": {"set": {"email": "x@y.example"}}}]}, "set names traits"),
        ({"steps": [{"webhook": {"endpoint": "Nowhere"}}]}, "no endpoint 'Nowhere'"),
        ({"steps": [{"wait": {"days": 1, "hours": 2, "until": "10:00"}}]}, "whole days only"),
        ({"steps": [{"wait": {"until": "25:00"}}]}, "such as"),
        ({"steps": [{"message": {"topic": "nothing", "subject": "x", "body": "y"}}]}, "no topic 'nothing'"),
        ({"steps": [{"message": {"topic": "service", "subject": "{{ x", "body": "y"}}]}, "subject"),
        (
            {"steps": [{"message": {"topic": "service", "channel": "fax", "subject": "x", "body": "y"}}]},
            "channel 'fax' is not supported",
        ),
        ({"steps": [{"survey": {"survey": "Nothing"}}]}, "no survey 'Nothing'"),
        ({"steps": [{"review_request": {"sites": ["Nowhere"]}}]}, "no review site 'Nowhere'"),
        ({"audience": {"sometimes": []}}, "Unknown rule"),
        ({"exit": {"any": [{"did": {"at_least": 1}}]}}, "did needs an event"),
    ],
)
def test_a_campaign_that_is_none_is_400_and_named(api, change, said):
    surveys_and_sites()
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    call(api, f"/api/journeys/{journey['id']}/publish/", {})
    answer = call(api, "/api/campaigns/import/", {**THANK_YOU, **change}, 400)
    assert said in answer["detail"]


def test_a_campaign_from_text_to_active(api):
    surveys_and_sites()
    journey = call(api, "/api/journeys/import/", SHOP, 201)
    call(api, f"/api/journeys/{journey['id']}/publish/", {})
    campaign = call(api, "/api/campaigns/import/", THANK_YOU, 201)
    path = f"/api/campaigns/{campaign['id']}"
    answer = call(api, f"{path}/activate/", {"include_present": False})
    assert answer == {"id": campaign["id"], "state": "active", "present": 0, "enrolled": 0}
    again = call(api, "/api/campaigns/import/", {**THANK_YOU, "reentry": "once"}, 201)
    assert (again["id"], again["state"], again["has_news"]) == (campaign["id"], "active", True)
    assert call(api, f"{path}/pause/", {})["state"] == "paused"
    call(api, f"{path}/pause/", {}, 409)
    call(api, f"{path}/activate/", {"include_present": "yes"}, 400)


def test_health(api):
    queues = call(api, "/api/health/")["queues"]
    assert set(queues) == {"pipeline", "run", "deliver"}
    assert queues["pipeline"] == {"length": 0, "oldest_seconds": 0.0}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"channel": "email", "topic": "news", "choice": "in", "evidence": "form 7"}, 201),
        ({"channel": "pigeon", "topic": "news", "choice": "in"}, 400),
        ({"channel": "email", "topic": "other", "choice": "in"}, 400),
        ({"channel": "email", "topic": "news", "choice": "maybe"}, 400),
        ([], 400),
    ],
)
def test_consents(api, data, status):
    call(api, f"/api/customers/{CustomerFactory().pk}/consents/", data, status)
