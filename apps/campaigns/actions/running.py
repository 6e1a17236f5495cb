"""Runs the steps of due enrolments, a claimed set at a time: one transaction, rows locked, messages made in it."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.campaigns import timing
from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState, StepKind
from apps.campaigns.models import CampaignStep, Enrolment, Message
from apps.core import wake
from apps.core.models import CompanySettings
from apps.feedback.models import Invitation, ReviewSite, Survey
from apps.touchpoints.enums import Channel

logger = logging.getLogger(__name__)

SET_SIZE = 500
RETRY_AFTER = [timedelta(minutes=m) for m in (1, 10, 60, 360)]


@dataclass
class _Outcome:
    messages: list[Message] = field(default_factory=list)
    invitations: dict[str, tuple[Enrolment, dict[str, Any]]] = field(default_factory=dict)


def run_due(*, now: datetime, limit: int = SET_SIZE) -> int:
    """Takes one set of due enrolments as far as their next wait; returns how many. A set that fails is repeated one
    by one, so that a bad enrolment is named and holds up nobody."""
    try:
        with transaction.atomic():
            runs = _claim(now, limit)
            _advance_all(runs, now)
    except Exception:
        logger.exception("a set of enrolments failed; going on one by one")
        return _one_by_one(now, limit)
    return len(runs)


def _claim(now: datetime, limit: int, **only: Any) -> list[Enrolment]:
    due = Enrolment.objects.due(now).filter(**only).order_by("due_at", "pk")
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return list(locked.select_related("campaign", "customer")[:limit])


def _one_by_one(now: datetime, limit: int) -> int:
    ids = list(Enrolment.objects.due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    for pk in ids:
        try:
            with transaction.atomic():
                _advance_all(_claim(now, 1, pk=pk), now)
        except Exception as error:
            logger.exception("enrolment %s failed", pk)
            _postpone(pk, now, error)
    return len(ids)


def _postpone(pk: int, now: datetime, error: Exception) -> None:
    run = Enrolment.objects.active().filter(pk=pk).first()
    if run is not None:
        pause = RETRY_AFTER[min(run.attempts, len(RETRY_AFTER) - 1)]
        Enrolment.objects.active().filter(pk=pk, attempts=run.attempts).update(
            attempts=run.attempts + 1, due_at=now + pause, error=f"{type(error).__name__}: {error}"[:500]
        )


def _advance_all(runs: list[Enrolment], now: datetime) -> None:
    if not runs:
        return
    steps: dict[int, list[CampaignStep]] = {}
    campaign_ids = {run.campaign_id for run in runs}
    for step in CampaignStep.objects.filter(campaign_id__in=campaign_ids).select_related("topic").order_by("position"):
        steps.setdefault(step.campaign_id, []).append(step)
    company_zone = CompanySettings.current().time_zone
    outcome = _Outcome()
    for run in runs:
        _advance(run, steps.get(run.campaign_id, []), outcome, now=now, company_zone=company_zone)
    _write(runs, outcome, now)
    wake.on_commit("deliver")


def _advance(run: Enrolment, steps: list[CampaignStep], outcome: _Outcome, *, now: datetime, company_zone: str) -> None:
    """From the run's position as far as the next wait that is not over yet."""
    while run.position < len(steps):
        step = steps[run.position]
        run.position += 1
        if StepKind(step.kind) is not StepKind.WAIT:
            outcome.messages.append(_message(run, step, outcome, now))
            continue
        customer = run.customer
        zone = timing.zone_of(time_zone=customer.time_zone, country=customer.country, company=company_zone)
        run.due_at = timing.due_at(step.settings, arrival=now, zone=zone)
        if run.due_at > now:
            return
    run.state, run.ended_at = EnrolmentState.FINISHED, now


def _message(run: Enrolment, step: CampaignStep, outcome: _Outcome, now: datetime) -> Message:
    key = f"{run.pk}:{step.key}"
    if StepKind(step.kind) is not StepKind.MESSAGE:
        outcome.invitations[key] = (run, step.settings)
    is_running = run.campaign.state == CampaignState.ACTIVE
    return Message(
        key=key,
        enrolment=run,
        step=step,
        customer_id=run.customer_id,
        channel=Channel.EMAIL,
        topic=step.topic,
        address=run.customer.email,
        state=MessageState.QUEUED if is_running else MessageState.HELD,
        due_at=now,
        created_at=now,
    )


def _write(runs: list[Enrolment], outcome: _Outcome, now: datetime) -> None:
    invitations = _write_invitations(outcome, now)
    for message in outcome.messages:
        message.invitation = invitations.get(message.key)
    Message.objects.bulk_create(outcome.messages, ignore_conflicts=True)
    Enrolment.objects.bulk_update(runs, ["position", "due_at", "state", "ended_at"])


def _write_invitations(outcome: _Outcome, now: datetime) -> dict[str, Invitation]:
    if not outcome.invitations:
        return {}
    surveys = {survey.name: survey for survey in Survey.objects.all()}
    sites = {site.name: site for site in ReviewSite.objects.all()}
    Invitation.objects.bulk_create(
        (
            Invitation(
                key=key,
                customer_id=run.customer_id,
                survey=surveys[settings["survey"]] if "survey" in settings else None,
                channel=Channel.EMAIL,
                created_at=now,
            )
            for key, (run, settings) in outcome.invitations.items()
        ),
        ignore_conflicts=True,
    )
    made = {one.key: one for one in Invitation.objects.filter(key__in=list(outcome.invitations))}
    links = Invitation.sites.through
    links.objects.bulk_create(
        (
            links(invitation=made[key], reviewsite=sites[name])
            for key, (_run, settings) in outcome.invitations.items()
            for name in settings.get("sites", [])
        ),
        ignore_conflicts=True,
    )
    return made
