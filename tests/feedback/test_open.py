"""Answers by the open link and by the panel on other people's sites."""

import threading
from uuid import uuid4

import pytest
import time_machine as machine
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core import links
from apps.customers.models import Identity
from apps.feedback import open_link
from apps.feedback.actions import responses
from apps.feedback.models import Case, Response, Survey
from apps.feedback.views_open import RATE
from apps.staff.enums import Role
from apps.touchpoints.enums import Channel
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_answers() -> None:
    cache.clear()


@pytest.fixture
def survey():
    return Survey.objects.create(
        name="Till", kind="stars", question="How was it?", is_open=True, open_channel="store",
        by_answer=[{"from": 4, "to": 5, "thanks": "Tell others!", "url": "https://r.example", "url_label": "Review"}],
    )  # fmt: skip


def url(survey, end="") -> str:
    return f"/s/open/{links.sign('open_survey', survey.pk)}{end}"


def said(client, survey, **body):
    return client.post(url(survey, "/answer"), body, content_type="application/json")


@pytest.mark.parametrize("data", [{}, {"score": ""}, {"score": "0"}, {"score": "6"}, {"score": "²"}, {"score": "x"}])
def test_a_wrong_answer_is_422_and_keeps_what_was_typed(client, survey, data):
    response = client.post(url(survey), {**data, "comment": "typed before"})
    assert (response.status_code, b"typed before" in response.content) == (422, True)
    assert (Response.objects.exists(), response.cookies) == (False, {})


def test_forged_and_foreign_links_are_refused(client, survey):
    token = links.sign("open_survey", survey.pk)
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token))]
    for bad in [token[:-1], links.sign("survey", survey.pk), "x", *changed]:
        for end in ("", "/answer"):
            assert client.get(f"/s/open/{bad}{end}").status_code == 404, bad
            assert client.post(f"/s/open/{bad}{end}", {"score": "5"}).status_code == 404
    assert client.post(f"/s/{token}", {"score": "5"}).status_code == 404
    assert not Response.objects.exists()


def test_the_token_is_the_same_whenever_it_is_made(survey):
    assert open_link.of(survey).token == open_link.of(survey).token


@pytest.mark.parametrize("change", [{"is_open": False}, {"archived_at": timezone.now()}])
def test_a_closed_survey_takes_nothing(client, survey, change):
    Survey.objects.update(**change)
    assert client.get(url(survey)).status_code == 410
    assert client.post(url(survey), {"score": "5"}).status_code == 410
    assert said(client, survey, key=str(uuid4()), score=5).status_code == 410
    assert not Response.objects.exists()


def test_a_get_changes_nothing(client, survey):
    for end in ("", "?score=5", "/answer"):
        assert client.get(url(survey, end)).status_code == 200
    assert not Response.objects.exists()


def test_one_answer_a_browser_that_may_be_changed(client, survey):
    page = client.post(url(survey), {"score": "5", "comment": "Nice"})
    assert ("Tell others!" in page.content.decode(), 'href="https://r.example"' in page.content.decode()) == (
        True,
        True,
    )
    cookie = page.cookies[f"survey_{survey.pk}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/s/open/")
    again = client.get(url(survey)).content.decode()
    assert ("You have answered already" in again, "Nice" in again) == (True, True)
    client.post(url(survey), {"score": "2", "comment": "Not so nice"})
    answer = Response.objects.get()
    assert (answer.score, answer.comment, answer.customer, answer.invitation) == (2, "Not so nice", None, None)
    assert (answer.way, answer.channel, answer.changed_at is not None) == ("open", "store", True)
    Client().post(url(survey), {"score": "4"})
    assert Response.objects.count() == 2


def test_the_same_page_sent_twice_is_one_answer(survey):
    key = str(uuid4())
    for _ in range(2):
        Client().post(url(survey), {"score": "5", "key": key})
    assert Response.objects.count() == 1


def test_nobody_known_has_no_timeline_and_no_case(client, survey):
    client.post(url(survey), {"score": "1"})
    assert (Response.objects.count(), Interaction.objects.count(), Case.objects.count()) == (1, 0, 0)


@machine.travel("2026-03-02T12:00:00Z", tick=False)
def test_an_address_may_answer_so_often_a_minute(client, survey, settings):
    # Requests are counted in the cache, which the other processes of this run empty.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "open"}}
    most = int(RATE.split("/")[0])
    for _ in range(most):
        assert Client().post(url(survey), {"score": "5"}).status_code == 200
    response = client.post(url(survey), {"score": "5", "comment": "typed before"})
    assert (response.status_code, b"typed before" in response.content) == (429, True)
    assert said(client, survey, key=str(uuid4()), score=5).status_code == 429
    assert Response.objects.count() == most


def test_staff_see_unnamed_answers(client, survey):
    Client().post(url(survey), {"score": "1", "comment": "Cold coffee"})
    client.force_login(staff(Role.ADMIN))
    for name, args in (("feedback", []), ("survey_detail", [survey.pk]), ("home", [])):
        page = client.get(reverse(name, args=args)).content.decode()
        assert ("Somebody unnamed" in page, "Cold coffee" in page) == (True, True), name


class TestPanel:
    def test_what_it_asks(self, client, survey):
        response = client.get(url(survey, "/answer"))
        found = response.json()
        assert (found["question"], found["field"], found["answers"]) == ("How was it?", "score", [1, 2, 3, 4, 5])
        assert (response["Access-Control-Allow-Origin"], "Set-Cookie" in response) == ("*", False)
        assert client.options(url(survey, "/answer")).status_code == 204

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400), ({"key": "x", "score": 5}, 400), ({"key": 5}, 400), ({"key": str(uuid4())}, 422),
            ({"key": str(uuid4()), "score": 9}, 422), ({"key": str(uuid4()), "score": [5]}, 422),
            ({"key": str(uuid4()), "score": 5, "comment": "x" * 4001}, 422),
        ],
    )  # fmt: skip
    def test_what_is_no_answer(self, client, survey, body, status):
        assert said(client, survey, **body).status_code == status
        for raw in ("[", "[]", "null", "x" * 70_000):
            assert client.post(url(survey, "/answer"), raw, content_type="text/plain").status_code == 400
        assert not Response.objects.exists()

    def test_an_answer(self, client, survey):
        key = str(uuid4())
        first = said(client, survey, key=key, score=5, comment=" Nice ")
        assert first.json() == {"thanks": "Tell others!", "url": "https://r.example", "url_label": "Review"}
        assert said(client, survey, key=key, score=1).json()["url"] == ""
        answer = Response.objects.get()
        assert (answer.score, answer.channel, answer.comment) == (1, "web", "")

    def test_whom_the_sites_own_script_knows_has_it_on_the_timeline(self, client, survey):
        ann, bea = CustomerFactory(), CustomerFactory()
        Identity.objects.create(kind="anonymous", value="anon-1", customer=ann)
        Identity.objects.create(kind="anonymous", value="anon-2", customer=bea)
        key = str(uuid4())
        said(client, survey, key=key, score=2, anonymousId="anon-1")
        said(client, survey, key=key, score=3, anonymousId="anon-2")
        for unknown in ("", "nobody", "a\x00b", 5, ["x"], "x" * 500):
            said(client, survey, key=str(uuid4()), score=4, anonymousId=unknown)
        assert list(Response.objects.exclude(customer=None).values_list("customer", "score")) == [(ann.pk, 3)]
        assert set(Interaction.objects.filter(event="Survey Answered").values_list("customer", flat=True)) == {ann.pk}
        assert Case.objects.get().customer == ann

    def test_the_script_is_served_to_any_site(self, client):
        response = client.get("/survey.js")
        assert response["Content-Type"].startswith("text/javascript")
        assert response["Access-Control-Allow-Origin"] == "*"


def test_codes(client, survey):
    client.force_login(staff(Role.MARKETER))
    svg = client.get(reverse("survey_code", args=[survey.pk, "svg"]))
    png = client.get(reverse("survey_code", args=[survey.pk, "png"]) + "?download=1")
    assert (svg["Content-Type"], svg.content[:5]) == ("image/svg+xml", b"<?xml")
    assert (png["Content-Type"], png.content[:4]) == ("image/png", b"\x89PNG")
    assert png["Content-Disposition"] == f'attachment; filename="survey-{survey.pk}.png"'
    assert client.get(reverse("survey_code", args=[survey.pk, "gif"])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_forty_sent_at_once_from_one_browser_are_one(survey):
    key = uuid4()

    def answer(number: int) -> None:
        given = responses.Answer(score=number % 5 + 1)
        try:
            responses.answer_openly(survey=survey, key=key, given=given, channel=Channel.WEB, now=timezone.now())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Response.objects.count() == 1
