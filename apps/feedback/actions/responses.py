"""An answer: recorded once an invitation or a browser, changeable, on the timeline of who is known, with a case when it
is bad."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import locks
from apps.customers.models import Customer
from apps.feedback import by_answer
from apps.feedback.actions import cases
from apps.feedback.enums import CaseKind, SurveyKind, Way
from apps.feedback.models import Case, Invitation, Response, Survey
from apps.staff.enums import Role
from apps.staff.models import User
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event, SourceKind
from apps.touchpoints.models import Interaction


class BadAnswer(ValueError):
    """It is no answer to this survey."""


class NotOnScale(BadAnswer):
    """The score is not one of the survey's."""


class Closed(BadAnswer):
    """The open link is switched off."""


@dataclass(frozen=True)
class Answer:
    """What somebody said: a score, or options, and words."""

    score: int | None = None
    chosen: list[str] = field(default_factory=list)
    comment: str = ""


@transaction.atomic
def answer(
    *, invitation: Invitation, score: int | None, comment: str, now: datetime, chosen: Sequence[str] = ()
) -> Response:
    """Safe to call twice: the second answer changes the first. Raises BadAnswer."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("survey").get(pk=invitation.pk)
    survey = invitation.survey
    if survey is None:
        raise NotOnScale("This invitation asks for a review, not for a score.")
    response = Response.objects.filter(invitation=invitation).first()
    if response is None:
        response = Response(invitation=invitation)
    response.customer_id, response.channel = invitation.customer_id, invitation.channel
    return _record(response, survey, Answer(score, list(chosen), comment), now)


@transaction.atomic
def answer_openly(
    *, survey: Survey, key: UUID, given: Answer, channel: Channel, now: datetime, customer: Customer | None = None
) -> Response:
    """By the open link; `key` is the browser's, whose second answer changes its first. A customer is named by the
    site's own script alone, and only once. Raises BadAnswer."""
    survey = Survey.objects.get(pk=survey.pk)
    if not survey.takes_open_answers:
        raise Closed(_("This survey takes no more answers."))
    response = _waited_for(survey, key)
    if response is None:
        response = Response(way=Way.OPEN, key=key, customer=_held(customer), channel=channel)
    return _record(response, survey, given, now)


def _waited_for(survey: Survey, key: UUID) -> Response | None:
    """The answer of that key, once nobody else is writing it."""
    locks.wait_for([locks.key_of(locks.ANSWER, f"{survey.pk}:{key}")])
    return Response.objects.filter(survey=survey, key=key).first()


def _held(customer: Customer | None) -> Customer | None:
    """As they are once nobody merges them any more."""
    if customer is None:
        return None
    locks.wait_for_customers([customer.pk])
    found = Customer.objects.select_related("merged_into").filter(pk=customer.pk).first()
    return (found.merged_into or found) if found else None


@transaction.atomic
def enter(
    *, customer: Customer, survey: Survey, key: UUID, given: Answer, channel: Channel, user: User, now: datetime
) -> Response:
    """What a customer said by phone or in the store, written down by staff; `key` is the form's, which may be sent
    twice. Raises BadAnswer."""
    response = _waited_for(survey, key)
    if response is None:
        response = Response(way=Way.STAFF, key=key, customer=customer, channel=channel, entered_by=user)
    return _record(response, survey, given, now)


@transaction.atomic
def retract(*, interaction: Interaction, user: User | None, now: datetime) -> None:
    """Takes back what staff entered; an answer goes out of all figures, and its open case is closed. Raises
    log.NotRetractable."""
    log.retract(interaction=interaction, user=user, now=now)
    pk = interaction.properties.get("response")
    if interaction.event != Event.SURVEY_ANSWERED or type(pk) is not int:
        return
    found = Response.objects.filter(pk=pk, way=Way.STAFF, customer=interaction.customer_id)
    for case in Case.objects.open().filter(response__in=found):
        why = {"root_cause": _("The answer was entered by mistake."), "action_taken": _("It was retracted.")}
        cases.close(case=case, by=user, now=now, **why)
    found.delete()


def _record(response: Response, survey: Survey, given: Answer, now: datetime) -> Response:
    _check(survey, given)
    if response.pk and (response.score, response.chosen, response.comment) == (
        given.score,
        given.chosen,
        given.comment,
    ):
        return response
    _write(response, survey, given, now)
    if response.customer_id is not None:
        _put_on_timeline(response, now)
        if response.is_bad:
            _open_case(response, now)
    return response


def _check(survey: Survey, given: Answer) -> None:
    kind = SurveyKind(survey.kind)
    if kind.has_score and (given.score not in kind.scale or given.chosen):
        raise NotOnScale(f"Choose a number from {kind.scale[0]} to {kind.scale[-1]}.")
    if not kind.has_score and given.score is not None:
        raise NotOnScale(_("This survey asks for no number."))
    if kind is SurveyKind.CHOICE:
        _check_chosen(survey, given.chosen)
    if kind is SurveyKind.TEXT and (not given.comment.strip() or given.chosen):
        raise BadAnswer(_("Write a few words."))


def _check_chosen(survey: Survey, chosen: list[str]) -> None:
    if not chosen or not set(chosen) <= set(survey.options) or len(set(chosen)) < len(chosen):
        raise BadAnswer(_("Choose from the options."))
    if len(chosen) > 1 and not survey.takes_several:
        raise BadAnswer(_("Choose one option."))


def _write(response: Response, survey: Survey, given: Answer, now: datetime) -> None:
    if response.pk:
        response.changed_at = now
    else:
        response.answered_at = now
    scale = SurveyKind(survey.kind).scale
    response.survey, response.kind, response.question = survey, survey.kind, survey.question
    response.score, response.chosen, response.comment = given.score, given.chosen, given.comment
    response.scale_low, response.scale_high = (scale[0], scale[-1]) if scale else (None, None)
    response.comment_question = by_answer.asked(survey, score=given.score, chosen=given.chosen)
    response.save()


def _put_on_timeline(response: Response, now: datetime) -> None:
    by_staff = {"user": str(response.entered_by), "user_id": response.entered_by_id} if response.entered_by else {}
    chosen = {"chosen": response.chosen} if response.chosen else {}
    log.record(
        customer_id=response.customer_id or 0,
        event=Event.SURVEY_ANSWERED.value,
        by=By.CUSTOMER,
        channel=Channel(response.channel),
        at=now,
        received_at=now,
        message_id=f"response:{response.pk}:{int(now.timestamp() * 1000)}",
        properties={
            "response": response.pk,
            "survey": response.survey.name,
            "kind": response.kind,
            "score": response.score,
            "scale_high": response.scale_high,
            "comment": response.comment,
            "is_change": response.changed_at is not None,
            **chosen,
            **by_staff,
        },
        kind=SourceKind.STAFF if response.way == Way.STAFF else SourceKind.MILEPOST,
    )


def _open_case(response: Response, now: datetime) -> None:
    survey = response.survey
    case, is_new = Case.objects.get_or_create(
        response=response,
        defaults={
            "customer_id": response.customer_id or 0,
            "kind": CaseKind.BAD_SCORE,
            "title": f"{survey.get_kind_display()} {response.score} of {response.scale_high}: {survey.name}",
            "owner": survey.case_owner or default_owner(),
            "opened_at": now,
            "due_at": cases.due_at(opened_at=now, hours=survey.case_due_hours),
        },
    )
    if is_new:
        log.record(
            customer_id=case.customer_id,
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
