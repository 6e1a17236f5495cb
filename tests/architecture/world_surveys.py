"""Surveys of the new kinds, their open link and their answers, for the walk over all URLs."""

from datetime import datetime
from uuid import UUID

from apps.core import links
from apps.customers.models import Customer
from apps.feedback.actions import responses, surveys
from apps.feedback.models import Survey
from apps.staff.models import User
from apps.touchpoints.enums import Channel

KEY = UUID("7b0a5c0e-1111-4222-8333-944455556666")


def of_surveys(customer: Customer, agent: User, now: datetime) -> dict[str, dict]:
    survey = Survey(name="Where from", kind="choice", question="Where did you hear of us?", is_open=True)
    survey.options = ["A friend", "The web"]
    survey.by_answer = [{"option": "A friend", "question": "Who?", "thanks": "Thank them!", "url": "https://r.example"}]
    surveys.save(survey=survey)
    stars = surveys.save(survey=Survey(name="Stars", kind="stars", question="How many stars?", is_open=True))
    spare = surveys.save(survey=Survey(name="Spare", kind="text", question="What should we do better?"))
    given = responses.Answer(chosen=["A friend"], comment="My neighbour")
    responses.answer_openly(survey=survey, key=KEY, given=given, channel=Channel.WEB, now=now)
    responses.enter(customer=customer, survey=stars, key=KEY, given=responses.Answer(score=5), channel=Channel.PHONE,
                    user=agent, now=now)  # fmt: skip
    pk, token = {"pk": survey.pk}, {"token": links.sign("open_survey", stars.pk)}
    return {
        "survey_detail": pk, "survey_edit": pk, "survey_duplicate": pk, "survey_share": pk,
        "survey_code": {**pk, "form": "png"}, "survey_archive": {"pk": spare.pk}, "survey_restore": {"pk": spare.pk},
        "api_survey_detail": pk, "api_survey_responses": pk, "response_enter": {"pk": customer.pk},
        "survey_open": token, "survey_open_answer": token,
    }  # fmt: skip
