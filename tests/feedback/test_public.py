"""The public pages behind signed links: a GET changes nothing, one answer an invitation, forged links are refused."""

import threading
from datetime import timedelta

import pytest
import time_machine as machine
from django.db import connections
from django.utils import timezone

from apps.core import links
from apps.customers.models import Consent
from apps.feedback.actions import cases, responses
from apps.feedback.models import Case, Invitation, Response, ReviewSite, Survey
from apps.staff.enums import Role
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, published_shop, sent_message, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    return Survey.objects.create(name="NPS", kind="nps", question="Would you recommend us?")


@pytest.fixture
def invitation(survey, now):
    return Invitation.objects.create(
        key="k", customer=CustomerFactory(), survey=survey, channel="email", created_at=now
    )


def url(invitation) -> str:
    return f"/s/{links.sign('survey', invitation.pk)}"


@pytest.mark.parametrize(
    "data", [{}, {"score": ""}, {"score": "11"}, {"score": "-1"}, {"score": "x"}, {"score": "5.5"}]
)
def test_a_wrong_answer_is_422_and_keeps_what_was_typed(client, invitation, data):
    response = client.post(url(invitation), {**data, "comment": "typed before"})
    assert response.status_code == 422
    assert b"typed before" in response.content
    assert not Response.objects.exists()


def test_a_get_changes_nothing(client, invitation):
    for _ in range(3):
        assert client.get(url(invitation)).status_code == 200
    assert not Response.objects.exists()
    assert not Interaction.objects.exists()


def test_an_answer_is_stored_with_all_that_is_needed_to_read_it(client, invitation, survey):
    client.post(url(invitation), {"score": "9", "comment": " good "})
    answer = Response.objects.get()
    assert (answer.score, answer.scale_low, answer.scale_high, answer.is_high_good) == (9, 0, 10, True)
    assert (answer.question, answer.channel, answer.comment) == (survey.question, "email", "good")
    assert Interaction.objects.get().event == "Survey Answered"
    assert not Case.objects.exists()


def test_the_same_answer_twice_is_one_and_a_new_one_changes_it(client, invitation):
    for score in ("9", "9", "3"):
        client.post(url(invitation), {"score": score})
    answer = Response.objects.get()
    assert (answer.score, answer.changed_at is not None) == (3, True)
    assert Interaction.objects.filter(event="Survey Answered").count() == 2
    assert Case.objects.count() == 1


def test_a_bad_answer_opens_a_case_with_owner_and_due_time(client, invitation):
    agent = staff(Role.AGENT)
    client.post(url(invitation), {"score": "6"})
    case = Case.objects.get()
    assert (case.owner, case.kind) == (agent, "bad_score")
    assert case.due_at == cases.due_at(opened_at=case.opened_at, hours=16)


def test_a_case_is_closed_once_with_root_cause_and_can_be_opened_again(client, invitation, now):
    agent = staff(Role.AGENT)
    responses.answer(invitation=invitation, score=1, comment="", now=now)
    case = Case.objects.get()
    client.force_login(agent)
    assert client.post(f"/feedback/cases/{case.pk}/", {"root_cause": "", "action_taken": ""}).status_code == 422
    data = {"root_cause": "late", "action_taken": "refund"}
    assert client.post(f"/feedback/cases/{case.pk}/", data).status_code == 302
    case.refresh_from_db()
    assert (case.closed_by, case.root_cause) == (agent, "late")
    with pytest.raises(cases.AlreadyClosed):
        cases.close(case=case, root_cause="x", action_taken="y", by=agent, now=now)
    client.post(f"/feedback/cases/{case.pk}/reopen/")
    assert Case.objects.open().count() == 1


def test_reviews_are_asked_of_everybody_and_lead_to_the_site(client, now):
    site = ReviewSite.objects.create(name="Reviews", url="https://reviews.example/x")
    ask = Invitation.objects.create(key="r", customer=CustomerFactory(), channel="email", created_at=now)
    ask.sites.add(site)
    assert b"Reviews" in client.get(url(ask)).content
    for _ in range(2):
        response = client.post(url(ask), {"site": site.pk})
        assert (response.status_code, response["Location"]) == (302, site.url)
    assert Interaction.objects.filter(event="Review Link Opened").count() == 1
    assert client.post(url(ask), {"site": "999999"}).status_code == 200
    assert client.post(url(ask), {"site": "x" * 50}).status_code == 200


def test_forged_cut_and_foreign_links_are_refused(client, invitation):
    token = links.sign("survey", invitation.pk)
    other = links.sign("unsubscribe", invitation.pk)
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(0, len(token), 3)]
    for bad in [token[:-1], other, "x", *changed]:
        assert client.get(f"/s/{bad}").status_code == 404, bad
        assert client.post(f"/s/{bad}", {"score": "1"}).status_code == 404
    assert not Response.objects.exists()


def test_a_survey_link_ends_after_90_days(client, invitation):
    token_url = url(invitation)
    with machine.travel(timezone.now() + timedelta(days=91)):
        assert client.get(token_url).status_code == 404


def test_public_pages_tell_nobody_where_one_came_from(client, invitation):
    response = client.get(url(invitation))
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"


class TestUnsubscribing:
    @pytest.fixture
    def message(self, now):
        published_shop(now)
        return sent_message(now)

    def test_a_get_changes_nothing(self, client, message):
        assert client.get(f"/u/{links.sign('unsubscribe', message.pk)}").status_code == 200
        assert not Consent.objects.exists()

    def test_one_click_by_rfc_8058_works_for_every_repeat(self, client, message):
        for _ in range(3):
            response = client.post(f"/u/{links.sign('unsubscribe', message.pk)}", {"List-Unsubscribe": "One-Click"})
            assert response.status_code == 200
        assert {(c.choice, c.topic.key, c.address) for c in Consent.objects.all()} == {
            ("out", "service", message.address)
        }

    def test_everything(self, client, message):
        client.post(f"/u/{links.sign('unsubscribe', message.pk)}", {"everything": "1"})
        assert Consent.objects.get().topic is None

    def test_the_link_never_ends(self, client, message):
        token = links.sign("unsubscribe", message.pk)
        with machine.travel(timezone.now() + timedelta(days=4000)):
            assert client.get(f"/u/{token}").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_many_answers_at_once_are_one(invitation):
    def answer(score: int) -> None:
        try:
            responses.answer(invitation=invitation, score=score, comment="", now=timezone.now())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer, args=(number % 11,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Response.objects.count() == 1
    assert Case.objects.count() <= 1
