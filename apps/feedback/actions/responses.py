"""An answer: recorded once an invitation, changeable, on the timeline, with a case when it is bad."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.feedback.enums import CaseKind, SurveyKind
from apps.feedback.models import Case, Invitation, Response
from apps.staff.enums import Role
from apps.staff.models import User
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event


class NotOnScale(ValueError):
    """The score is not one of the survey's."""


@transaction.atomic
def answer(*, invitation: Invitation, score: int, comment: str, now: datetime) -> Response:
    """Safe to call twice: the second answer changes the first. Raises NotOnScale."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("survey").get(pk=invitation.pk)
    survey = invitation.survey
    if survey is None:
        raise NotOnScale("This invitation asks for a review, not for a score.")
    kind = SurveyKind(survey.kind)
    if score not in kind.scale:
        raise NotOnScale(f"Choose a number from {kind.scale[0]} to {kind.scale[-1]}.")
    response = Response.objects.filter(invitation=invitation).first()
    if response is not None and (response.score, response.comment) == (score, comment):
        return response
    response = _write(invitation, response, score, comment, now)
    _put_on_timeline(response, now)
    if response.is_bad:
        _open_case(response, now)
    return response


def _write(invitation: Invitation, response: Response | None, score: int, comment: str, now: datetime) -> Response:
    survey = invitation.survey
    assert survey is not None  # noqa: S101 - checked by the caller
    scale = SurveyKind(survey.kind).scale
    if response is None:
        response = Response(invitation=invitation, answered_at=now)
    else:
        response.changed_at = now
    response.customer_id = invitation.customer_id
    response.survey, response.kind, response.question = survey, survey.kind, survey.question
    response.score, response.comment, response.channel = score, comment, invitation.channel
    response.scale_low, response.scale_high = scale[0], scale[-1]
    response.save()
    return response


def _put_on_timeline(response: Response, now: datetime) -> None:
    times = int(now.timestamp() * 1000)
    log.record(
        customer_id=response.customer_id,
        event=Event.SURVEY_ANSWERED.value,
        by=By.CUSTOMER,
        channel=Channel(response.channel),
        at=now,
        received_at=now,
        message_id=f"response:{response.pk}:{times}",
        properties={
            "survey": response.survey.name,
            "kind": response.kind,
            "score": response.score,
            "scale_high": response.scale_high,
            "comment": response.comment,
            "is_change": response.changed_at is not None,
        },
    )


def _open_case(response: Response, now: datetime) -> None:
    survey = response.survey
    case, is_new = Case.objects.get_or_create(
        response=response,
        defaults={
            "customer_id": response.customer_id,
            "kind": CaseKind.BAD_SCORE,
            "title": f"{survey.get_kind_display()} {response.score} of {response.scale_high}: {survey.name}",
            "owner": survey.case_owner or default_owner(),
            "opened_at": now,
            "due_at": now + timedelta(hours=survey.case_due_hours),
        },
    )
    if is_new:
        log.record(
            customer_id=response.customer_id,
            event=Event.CASE_OPENED.value,
            by=By.MACHINE,
            channel=Channel(response.channel),
            at=now,
            received_at=now,
            message_id=f"case:{case.pk}:opened",
            properties={"case": case.pk, "title": case.title},
        )


def default_owner() -> User | None:
    """The first active agent, else the first admin."""
    active = User.objects.filter(is_active=True).order_by("pk")
    return active.filter(groups__name=Role.AGENT).first() or active.filter(groups__name=Role.ADMIN).first()
