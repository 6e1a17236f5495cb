"""The pages on which marketers build surveys, and what may not be built."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.feedback.actions import responses, surveys
from apps.feedback.models import Invitation, Response, Survey
from apps.staff.enums import Role
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db
NPS = {
    "op": "save", "name": "NPS", "kind": "nps", "question": "Would you recommend us?", "thanks": "Thanks",
    "comment_label": "Why?", "case_due_hours": "16", "case_owner": "",
    "row-TOTAL_FORMS": "1", "row-INITIAL_FORMS": "0",
}  # fmt: skip
CHOICE = {**NPS, "name": "Where from", "kind": "choice", "options": "A friend\nThe web\n"}


@pytest.fixture
def marketer(client):
    user = staff(Role.MARKETER)
    client.force_login(user)
    return user


def answered(now, **fields):
    survey = Survey.objects.create(**{"name": "NPS", "kind": "nps", "question": "?", **fields})
    ask = Invitation.objects.create(key=survey.name, customer=CustomerFactory(), survey=survey, channel="email",
                                    created_at=now)  # fmt: skip
    responses.answer(invitation=ask, score=9, comment="", now=now)
    return survey


def row(**fields) -> dict[str, str]:
    return {f"row-0-{name}": value for name, value in fields.items()}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"question": "x" * 301}, "at most 300 characters"),
        ({"kind": "guess"}, "Select a valid choice"),
        ({"case_due_hours": "99999"}, "At most 1000 hours."),
        (row(low="0", high="11", question="Why?"), "Give two numbers from 0 to 10"),
        (row(low="6", high="0", question="Why?"), "Give two numbers from 0 to 10"),
        (row(question="Why?"), "Give two numbers from 0 to 10"),
        (row(low="0", high="6"), "Say what follows"),
        (row(low="0", high="6", url="javascript:alert(1)"), "must be an address that begins with https://"),
        ({"row-TOTAL_FORMS": "2", **row(low="0", high="6", question="a"), "row-1-low": "6", "row-1-high": "8",
          "row-1-question": "b"}, "Another row is about the same answer."),
        ({"kind": "choice", "options": "One"}, "Give 2 to 20 options"),
        ({"kind": "choice", "options": "One\nOne"}, "An option stands there twice."),
        ({"kind": "choice", "options": "One\n" + "x" * 101}, "An option may have 100 characters."),
        ({"kind": "choice", "options": "\n".join(map(str, range(21)))}, "Give 2 to 20 options"),
        ({"kind": "choice", "options": "One\nTwo", **row(option="Three", question="Why?")}, "Select a valid choice"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_422_and_keeps_what_was_typed(client, marketer, typed, said):
    response = client.post(reverse("survey_create"), {**NPS, "thanks": "Typed before", **typed})
    page = response.content.decode()
    assert (response.status_code, said in page, "Typed before" in page) == (422, True, True)
    assert not Survey.objects.exists()


def test_a_survey_is_built_and_changed(client, marketer):
    typed = {**NPS, **row(low="0", high="6", question="What went wrong?", thanks="Sorry.", url="", url_label="")}
    response = client.post(reverse("survey_create"), typed)
    survey = Survey.objects.get()
    assert response["Location"] == reverse("survey_detail", args=[survey.pk])
    assert survey.by_answer == [{"from": 0, "to": 6, "question": "What went wrong?", "thanks": "Sorry."}]
    edit = reverse("survey_edit", args=[survey.pk])
    assert "What went wrong?" in client.get(edit).content.decode()
    client.post(edit, {**CHOICE, "takes_several": "on", **row(option="A friend", url="https://r.example")})
    survey.refresh_from_db()
    assert (survey.kind, survey.options, survey.takes_several) == ("choice", ["A friend", "The web"], True)
    assert survey.by_answer == [{"option": "A friend", "url": "https://r.example"}]


def test_while_building_nothing_is_saved_and_nothing_is_wrong_yet(client, marketer):
    headers = {"HX-Request": "true", "HX-Target": "preview"}
    typed = {**NPS, "op": "show", "name": "", **row(low="0", high="6", question="What went wrong?")}
    response = client.post(reverse("survey_create"), typed, headers=headers)
    page = response.content.decode()
    assert (response.status_code, page.count('data-on="0 1 2 3 4 5 6"'), "<html" in page) == (200, 1, False)
    whole = client.post(reverse("survey_create"), {**typed, "op": "add"}).content.decode()
    assert ("row-1-question" in whole, "What went wrong?" in whole, "<html" in whole) == (True, True, True)
    less = client.post(reverse("survey_create"), {**typed, "op": "remove-0"}).content.decode()
    assert ("row-0-question" in less, "What went wrong?" in less) == (True, False)
    options = client.post(reverse("survey_create"), {**typed, "kind": "choice", "op": "show"}).content.decode()
    assert ("id_options" in options, "row-0-option" in options, "row-0-low" in options) == (True, True, False)
    assert not Survey.objects.exists()


def test_the_kind_stays_once_there_are_answers(client, marketer, now):
    survey = answered(now)
    edit = reverse("survey_edit", args=[survey.pk])
    assert "so the kind stays" in client.get(edit).content.decode()
    response = client.post(edit, {**NPS, "kind": "csat"})
    assert (response.status_code, "Duplicate the survey instead" in response.content.decode()) == (422, True)
    assert client.post(edit, {**NPS, "question": "And now?"}).status_code == 302
    survey.refresh_from_db()
    assert (survey.kind, survey.question, Response.objects.get().question) == ("nps", "And now?", "?")
    client.post(reverse("survey_duplicate", args=[survey.pk]))
    copy = Survey.objects.exclude(pk=survey.pk).get()
    assert (copy.name, copy.question, copy.responses.count(), copy.is_open) == ("NPS (2)", "And now?", 0, False)
    copy.kind = "csat"
    assert surveys.save(survey=copy).kind == "csat"


def test_archived_and_back(client, marketer, now):
    survey = answered(now, is_open=True)
    client.post(reverse("survey_archive", args=[survey.pk]))
    assert not client.get(reverse("survey_list")).context["lines"]
    assert [line.survey for line in client.get(reverse("survey_list") + "?show=archived").context["lines"]] == [survey]
    survey.refresh_from_db()
    assert (survey.is_open, survey.takes_open_answers) == (False, False)
    client.post(reverse("survey_share", args=[survey.pk]), {"is_open": "on", "channel": "store"})
    survey.refresh_from_db()
    assert not survey.is_open
    client.post(reverse("survey_restore", args=[survey.pk]))
    client.post(reverse("survey_share", args=[survey.pk]), {"is_open": "on", "channel": "store"})
    survey.refresh_from_db()
    assert (survey.archived_at, survey.is_open, survey.open_channel) == (None, True, "store")


def test_the_list_shows_answers_and_scores_and_asks_the_same_number_of_queries(client, marketer, now):
    found = []
    for count in (2, 18):
        for number in range(count):
            answered(now, name=f"NPS {count} {number}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("survey_list"))
        found.append(len(queries))
    assert found[0] == found[1]
    line = page.context["lines"][0]
    assert (line.n, line.score.score, line.score.n) == (1, 100.0, 1)
    assert "n = 1" in page.content.decode()


def test_who_may_not_build_reads(client, now):
    survey = answered(now)
    client.force_login(staff(Role.AGENT))
    page = client.get(reverse("survey_detail", args=[survey.pk])).content.decode()
    assert reverse("survey_edit", args=[survey.pk]) not in page
    for name in ("survey_edit", "survey_archive", "survey_share", "survey_duplicate"):
        assert client.post(reverse(name, args=[survey.pk]), NPS).status_code == 403
    assert Survey.objects.get().archived_at is None


@pytest.mark.parametrize("name", ["survey_archive", "survey_restore", "survey_share", "survey_duplicate"])
def test_a_get_does_nothing(client, marketer, now, name):
    assert client.get(reverse(name, args=[answered(now).pk])).status_code == 405
    assert Survey.objects.count() == 1


def test_the_admin_still_works_and_keeps_the_kind(client, now):
    survey = answered(now)
    client.force_login(staff(Role.ADMIN))
    url = reverse("admin:feedback_survey_change", args=[survey.pk])
    assert client.get(url).status_code == 200
    fields = {**NPS, "kind": "ces", "question": "By the admin", "open_channel": "web"}
    assert client.post(url, fields).status_code == 302
    survey.refresh_from_db()
    assert (survey.kind, survey.question) == ("nps", "By the admin")
    assert client.get(reverse("admin:feedback_survey_add")).status_code == 200
