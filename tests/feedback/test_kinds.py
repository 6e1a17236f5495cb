"""Answers of each kind, what follows them, and what the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.core import links
from apps.feedback import by_answer, selectors, selectors_surveys
from apps.feedback.actions import responses
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Case, Invitation, Response, Survey
from apps.feedback.score_row import Choice, score_row
from apps.staff.enums import Role
from tests.factories import CustomerFactory, later, staff
from tests.transfers import rows_of, take_away

pytestmark = pytest.mark.django_db
KINDS = {
    "stars": {"kind": "stars"},
    "choice": {"kind": "choice", "options": ["A friend", "The web", "An ad"]},
    "several": {"kind": "choice", "options": ["A friend", "The web", "An ad"], "takes_several": True},
    "text": {"kind": "text"},
    "nps": {"kind": "nps"},
}


def asked(now, name, **fields) -> Invitation:
    survey = Survey.objects.create(name=f"{name} {Survey.objects.count()}", question="The question?",
                                   **{**KINDS[name], **fields})  # fmt: skip
    return Invitation.objects.create(key=survey.name, customer=CustomerFactory(), survey=survey, channel="email",
                                     created_at=now)  # fmt: skip


def url(invitation, query="") -> str:
    return f"/s/{links.sign('survey', invitation.pk)}{query}"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("stars", {"score": "0"}), ("stars", {"chosen": "A friend"}), ("choice", {}), ("choice", {"chosen": "A foe"}),
        ("choice", {"score": "1"}), ("several", {"chosen": ["A friend", "A foe"]}), ("text", {}),
        ("text", {"comment": " \n "}), ("nps", {"score": "11"}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_422(client, now, name, data):
    assert client.post(url(asked(now, name)), data).status_code == 422
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("stars", {"score": 6}), ("stars", {"score": None}), ("choice", {"score": 1, "chosen": ["A friend"]}),
        ("choice", {"score": None, "chosen": ["A friend", "An ad"]}), ("choice", {"score": None, "chosen": []}),
        ("several", {"score": None, "chosen": ["An ad", "An ad"]}), ("text", {"score": 1, "comment": "x"}),
        ("text", {"score": None, "comment": " "}), ("nps", {"score": 3, "chosen": ["A friend"]}),
    ],
)  # fmt: skip
def test_the_action_refuses_it_too(now, name, given):
    with pytest.raises(responses.BadAnswer):
        responses.answer(invitation=asked(now, name), now=now, **{"comment": "", **given})
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "kept"),
    [
        ("stars", {"score": "4"}, (4, 1, 5, [], "")),
        ("choice", {"chosen": "The web", "comment": "Where else"}, (None, None, None, ["The web"], "Where else")),
        ("several", {"chosen": ["A friend", "An ad"]}, (None, None, None, ["A friend", "An ad"], "")),
        ("text", {"comment": "More colours"}, (None, None, None, [], "More colours")),
    ],
)
def test_an_answer_of_each_kind(client, now, name, data, kept):
    invitation = asked(now, name)
    assert client.post(url(invitation), data).status_code == 200
    one = Response.objects.get()
    assert (one.score, one.scale_low, one.scale_high, one.chosen, one.comment) == kept
    assert (one.kind, one.question, one.is_bad) == (invitation.survey.kind, "The question?", False)
    assert client.get(url(invitation)).content.decode().count("checked") == len(kept[3]) + (kept[0] is not None)
    client.force_login(staff(Role.ADMIN))
    page = client.get(reverse("customer_detail", args=[invitation.customer_id])).content.decode()
    for text in [*kept[3], kept[4]]:
        assert text in page


@pytest.mark.parametrize(
    ("score", "bad", "good"), [(1, True, False), (2, True, False), (3, False, False), (4, False, True)]
)
def test_bad_and_good_stars(now, score, bad, good):
    response = responses.answer(invitation=asked(now, "stars"), score=score, comment="", now=now)
    assert (response.is_bad, response.is_good, Case.objects.exists()) == (bad, good, bad)


class TestByAnswer:
    ROWS = [
        {"from": 0, "to": 6, "question": "What went wrong?", "thanks": "Sorry."},
        {"from": 9, "to": 10, "url": "https://r.example"},
    ]

    @pytest.mark.parametrize(
        ("score", "question", "thanks", "leads"),
        [(6, "What went wrong?", "Sorry.", ""), (7, "Why?", "Thanks", ""), (10, "Why?", "Thanks", "https://r.example")],
    )
    def test_by_score(self, client, now, score, question, thanks, leads):
        invitation = asked(now, "nps", by_answer=self.ROWS, comment_label="Why?", thanks="Thanks")
        page = client.post(url(invitation), {"score": score, "comment": "So"}).content.decode()
        assert (thanks in page, "r.example" in page) == (True, bool(leads))
        assert Response.objects.get().comment_question == question

    def test_by_option_and_of_several_all(self, now):
        rows = [{"option": "An ad", "question": "Which?", "thanks": "Ah."}, {"option": "A friend", "question": "Who?"}]
        survey = Survey(**KINDS["several"], by_answer=rows, comment_label="", thanks="Thanks")
        assert by_answer.asked(survey, score=None, chosen=["A friend", "An ad"]) == "Which? Who?"
        assert by_answer.asked(survey, score=None, chosen=["The web"]) == ""
        assert by_answer.thanks(survey, score=None, chosen=["An ad"]).text == "Ah."
        assert by_answer.thanks(survey, score=None, chosen=["A friend"]).text == "Thanks"

    @pytest.mark.parametrize(
        "rows",
        ["x", {}, [1], [{}], [{"from": 0, "to": 6}], [{"from": 0, "to": 6, "question": 5}], [{"from": True, "to": 6}],
         [{"from": 0, "to": 6, "question": "x", "other": "y"}], [{"from": 0, "to": 6, "question": "x" * 201}],
         [{"option": "x", "question": "y"}], [{"from": 0, "to": 6, "question": "a\x00"}],
         [{"from": 0, "to": 6, "url": "ftp://x"}], [{"from": 1, "to": 1, "question": "x"}] * 13],
    )  # fmt: skip
    def test_what_is_none(self, rows):
        with pytest.raises(by_answer.ByAnswerError):
            by_answer.read(rows, kind=SurveyKind.NPS, options=[])

    def test_words_alone_cannot_be_told_apart(self):
        with pytest.raises(by_answer.ByAnswerError):
            by_answer.read([{"from": 0, "to": 0, "question": "x"}], kind=SurveyKind.TEXT, options=[])


class TestScoreRow:
    def test_links_that_only_choose(self, client, now):
        invitation = asked(now, "nps")
        row = score_row(invitation.survey, "https://m.example/s/T")
        assert (len(row), row[0], row[10]) == (
            11,
            Choice("0", "https://m.example/s/T?score=0", "Not at all likely", "negative"),
            Choice("10", "https://m.example/s/T?score=10", "Extremely likely", "positive"),
        )
        choice = asked(now, "choice").survey
        assert score_row(choice, "https://m.example/s/T?a=1")[0].url == "https://m.example/s/T?a=1&chosen=A+friend"
        assert score_row(asked(now, "text").survey, "https://m.example/s/T") == []

    def test_a_scanner_that_follows_every_link_answers_nothing(self, client, now):
        invitation = asked(now, "nps")
        for score in range(11):
            page = client.get(url(invitation, f"?score={score}")).content.decode()
            assert page.count("checked") == 1
            assert f'value="{score}"' in page[: page.index("checked")].rsplit("<input", 1)[1]
        assert client.head(url(invitation, "?score=3")).status_code in {200, 405}
        assert not Response.objects.exists()
        client.post(url(invitation, "?score=3"), {"score": "3"})
        assert Response.objects.get().score == 3

    @pytest.mark.parametrize("query", ["?score=11", "?score=-1", "?score=²", "?score=x", "?score=", "?chosen=A+friend"])
    def test_what_is_no_answer_is_passed_over(self, client, now, query):
        page = client.get(url(asked(now, "nps"), query))
        assert (page.status_code, "checked" in page.content.decode()) == (200, False)

    def test_an_option(self, client, now):
        assert client.get(url(asked(now, "choice"), "?chosen=The+web")).content.decode().count("checked") == 1
        assert client.get(url(asked(now, "several"), "?chosen=The+web")).content.decode().count("checked") == 1


def test_figures_leave_out_what_has_no_score(now):
    for name, given in (("text", {"score": None, "comment": "x"}), ("choice", {"score": None, "chosen": ["An ad"]})):
        responses.answer(invitation=asked(now, name), now=now, **{"comment": "", **given})
    assert selectors.scores(since=later(now, days=-1)) == []
    for score in (5, 4, 3):
        responses.answer(invitation=asked(now, "stars"), score=score, comment="", now=now)
    [stars] = selectors.scores(since=later(now, days=-1))
    assert (stars.kind, stars.score, stars.n) == ("stars", 4.0, 3)
    assert (round(stars.low, 4), round(stars.high, 4)) == (2.8684, 5.0)  # 4 - 1.96 / √3, cut at five
    lines = selectors_surveys.lines(Survey.objects.filter(kind__in=["text", "choice"]))
    assert [(line.n, line.score) for line in lines] == [(1, None), (1, None)]


def test_how_the_answers_are_spread(now):
    invitation = asked(now, "several")
    responses.answer(invitation=invitation, score=None, chosen=["A friend", "An ad"], comment="", now=now)
    found = [(part.label, part.n, part.share) for part in selectors_surveys.parts(invitation.survey)]
    assert found == [("A friend", 1, 100.0), ("The web", 0, 0.0), ("An ad", 1, 100.0)]


@pytest.mark.parametrize(
    "change",
    [
        {"score": None}, {"score": 11}, {"scale_low": None}, {"kind": "choice"}, {"kind": "text", "score": None},
        {"invitation": None}, {"customer": None}, {"way": "open"}, {"way": "staff"},
    ],
)  # fmt: skip
def test_the_database_refuses_half_an_answer(now, change):
    responses.answer(invitation=asked(now, "nps"), score=9, comment="", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Response.objects.update(**change)


def test_answers_go_out(now):
    responses.answer(invitation=asked(now, "several"), score=None, chosen=["A friend", "An ad"], comment="", now=now)
    [row] = rows_of(take_away("responses"))
    assert (row["Score"], row["Lowest"], row["Chosen"], row["Way"]) == ("", "", "A friend, An ad", "invitation")
