"""Surveys by the API."""

import pytest

from apps.campaigns.actions import campaigns
from apps.feedback.actions import responses
from apps.feedback.models import Invitation, Survey
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.factories import CustomerFactory, campaign, later, published_shop, staff

pytestmark = pytest.mark.django_db
URL = "/api/surveys/"
CHOICE = {"name": "Where from", "kind": "choice", "question": "Where from?", "options": ["A friend", "The web"]}


@pytest.fixture
def marketer(client):
    client.force_login(staff(Role.MARKETER))


def send(client, method, url, body):
    return getattr(client, method)(url, body, content_type="application/json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"), ({**CHOICE, "kind": "guess"}, "kind"), ({**CHOICE, "options": ["One"]}, "options"),
        ({**CHOICE, "options": ["One", "One"]}, "options"), ({**CHOICE, "options": "One"}, "options"),
        ({**CHOICE, "by_answer": [{"option": "A foe", "question": "?"}]}, "by_answer"),
        ({**CHOICE, "by_answer": ["x"]}, "by_answer"), ({**CHOICE, "case_due_hours": -1}, "case_due_hours"),
        ({**CHOICE, "open_channel": "pigeon"}, "open_channel"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_400(client, marketer, body, field):
    response = send(client, "post", URL, body)
    assert (response.status_code, field in response.json()) == (400, True)
    assert not Survey.objects.exists()


def test_made_changed_archived(client, marketer):
    made = send(client, "post", URL, {**CHOICE, "by_answer": [{"option": "The web", "question": "Which page?"}]})
    found = made.json()
    assert (made.status_code, found["answers"], found["score"], found["open_url"]) == (201, 0, None, "")
    one = f"{URL}{found['id']}/"
    assert send(client, "post", URL, CHOICE).status_code == 409
    changed = send(client, "patch", one, {"is_open": True, "thanks": "Ta"}).json()
    assert (changed["thanks"], "/s/open/" in changed["open_url"]) == ("Ta", True)
    archived = send(client, "patch", one, {"is_archived": True}).json()
    assert (archived["is_archived"], archived["is_open"], archived["open_url"]) == (True, False, "")
    assert client.get(one).json() == archived
    assert [row["id"] for row in client.get(URL).json()["results"]] == [found["id"]]


def test_the_name_that_campaigns_ask_by_stays(client, marketer, now):
    published_shop(now)
    survey = Survey.objects.create(name="Delivery", kind="csat", question="How was it?")
    ask = {"survey": survey.name, "channel": "email", "topic": "feedback"}
    made = campaign(now, active=False, steps=[{"survey": ask}])
    one = f"{URL}{survey.pk}/"
    refused = send(client, "patch", one, {"name": "Another"})
    assert (refused.status_code, made.name in str(refused.json()["name"])) == (409, True)
    assert send(client, "patch", one, {"thanks": "Ta"}).status_code == 200
    campaigns.archive(campaign=made, now=now)
    assert send(client, "patch", one, {"name": "Another"}).status_code == 200


def answered(now, count):
    survey = Survey.objects.create(name="NPS", kind="nps", question="?")
    for number in range(count):
        ask = Invitation.objects.create(key=f"k{number}", customer=CustomerFactory(), survey=survey, channel="email",
                                        created_at=now)  # fmt: skip
        responses.answer(invitation=ask, score=number, comment=f"c{number}", now=later(now, minutes=number))
    return survey


def test_the_kind_stays_once_there_are_answers(client, marketer, now):
    survey = answered(now, 1)
    assert send(client, "patch", f"{URL}{survey.pk}/", {"kind": "csat"}).status_code == 409
    assert Survey.objects.get().kind == "nps"


def test_answers_by_pages(client, marketer, now):
    survey = answered(now, 3)
    url = f"{URL}{survey.pk}/responses/?page_size=2"
    first = client.get(url).json()
    rest = client.get(first["next"]).json()
    assert [row["score"] for row in first["results"] + rest["results"]] == [2, 1, 0]
    assert (rest["next"], first["results"][0]["comment"]) == (None, "c2")
    assert client.get(url + "&cursor=x").status_code == 400
    assert client.get(f"{URL}{survey.pk}/").json()["score"]["n"] == 3


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 403), (["write"], 403), (["personal"], 200)])
def test_answers_need_personal_data(client, now, scopes, status):
    survey = answered(now, 1)
    key = api_keys.create(name="K", scopes=scopes)
    headers = {"Authorization": f"Api-Key {key}"}
    assert client.get(f"{URL}{survey.pk}/responses/", headers=headers).status_code == status
    assert client.get(URL, headers=headers).status_code == (200 if scopes == ["read"] else 403)
