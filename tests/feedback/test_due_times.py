"""A case is due after business hours of the company."""

from datetime import datetime, timedelta

import pytest

from apps.core.models import CompanySettings
from apps.feedback.actions import cases, responses
from apps.feedback.models import Case, Invitation, Survey
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

FRIDAY_AT_FOUR = datetime.fromisoformat("2026-03-06T16:00:00+01:00")


@pytest.fixture
def company():
    return CompanySettings.objects.create(pk=1, time_zone="Europe/Berlin")


def due(hours: int, opened_at: datetime = FRIDAY_AT_FOUR) -> str:
    from_zone = FRIDAY_AT_FOUR.tzinfo
    return cases.due_at(opened_at=opened_at, hours=hours).astimezone(from_zone).isoformat()


def answered_badly(survey: Survey, at: datetime) -> Case:
    invitation = Invitation.objects.create(
        key="k", customer=CustomerFactory(), survey=survey, channel="email", created_at=at
    )
    responses.answer(invitation=invitation, score=0, comment="", now=at)
    return Case.objects.get()


def test_a_weekend_does_not_count(company):
    assert due(8) == "2026-03-09T16:00:00+01:00"


def test_a_short_day_and_a_closed_one(company):
    company.business_hours = {"friday": ["09:00", "16:30"], "tuesday": ["10:00", "12:00"]}
    company.save()
    assert due(2) == "2026-03-10T11:30:00+01:00"


def test_the_hours_are_those_of_the_company_s_clock(company):
    company.time_zone = "America/New_York"
    company.save()
    assert due(8) == "2026-03-09T15:00:00+01:00"  # 10:00 there, whose clocks changed on the Sunday


def test_a_company_that_never_opens_counts_every_hour(company):
    company.business_hours = {}
    company.save()
    assert due(48) == "2026-03-08T16:00:00+01:00"


def test_without_settings_an_office_in_utc():
    assert due(8) == "2026-03-09T16:00:00+01:00"


def test_a_bad_answer_is_due_after_the_hours_of_its_survey(company):
    survey = Survey.objects.create(name="NPS", kind="nps", question="Would you?", case_due_hours=9)
    case = answered_badly(survey, FRIDAY_AT_FOUR)
    assert (case.opened_at, case.due_at) == (FRIDAY_AT_FOUR, FRIDAY_AT_FOUR + timedelta(days=3, hours=1))
    assert not case.is_late(FRIDAY_AT_FOUR + timedelta(days=3))
    assert case.is_late(FRIDAY_AT_FOUR + timedelta(days=3, hours=2))


def test_two_working_days_where_the_survey_says_nothing(company):
    case = answered_badly(Survey.objects.create(name="NPS", kind="nps", question="Would you?"), FRIDAY_AT_FOUR)
    assert case.due_at == FRIDAY_AT_FOUR + timedelta(days=4)


def test_a_survey_with_hours_beyond_any_plan_still_takes_its_answer(company):
    survey = Survey.objects.create(name="NPS", kind="nps", question="Would you?", case_due_hours=2_147_483_647)
    assert answered_badly(survey, FRIDAY_AT_FOUR).due_at == FRIDAY_AT_FOUR + timedelta(days=3650)
