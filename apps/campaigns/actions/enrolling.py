"""Triggers, exits and goals: pipeline handlers, inside the pass that holds the customers' locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.campaigns.enums import EnrolmentState, Reentry, TriggerKind
from apps.campaigns.models import Campaign, Enrolment, EnrolmentQuerySet
from apps.core import rules, wake
from apps.core.enums import Origin
from apps.core.registry import Batch
from apps.customers.models import Customer
from apps.journeys.entries import BecameOverdue, Entered, Withdrawn


@dataclass(frozen=True)
class Cause:
    """Why a customer is to be enrolled; `key` is stable over repeats of the same cause."""

    customer_id: int
    entry_id: int
    key: str
    at: datetime


def enrol_from_facts(batch: Batch) -> None:
    withdraw([fact.entry_id for fact in batch.facts if isinstance(fact, Withdrawn)], now=batch.now)
    facts = [fact for fact in batch.facts if isinstance(fact, Entered | BecameOverdue) and Origin(fact.origin).fires]
    if not facts:
        return
    keys = {fact.stage_key for fact in facts}
    for campaign in Campaign.objects.active().filter(stage_key__in=keys).order_by("pk"):
        latest = timedelta(hours=campaign.max_lateness_hours)
        causes = [_cause(f) for f in facts if _triggers(campaign, f) and batch.now - f.at <= latest]
        enrol(campaign=campaign, causes=causes, now=batch.now)


def _triggers(campaign: Campaign, fact: Entered | BecameOverdue) -> bool:
    kind = TriggerKind.STAGE_ENTERED if isinstance(fact, Entered) else TriggerKind.OVERDUE
    return campaign.trigger == kind and str(campaign.stage_key) == fact.stage_key


def _cause(fact: Entered | BecameOverdue) -> Cause:
    what = "entry" if isinstance(fact, Entered) else "overdue"
    return Cause(fact.customer_id, fact.entry_id, f"{what}:{fact.entry_id}", fact.at)


def enrol(*, campaign: Campaign, causes: Sequence[Cause], now: datetime) -> int:
    """Enrols those of the audience whom re-entry lets in; returns how many. The caller holds the customers' locks,
    and a cause enrols at most once in its life by a unique constraint."""
    chosen = _of_audience(campaign, causes, now=now)
    if campaign.reentry == Reentry.COOL_DOWN:
        since = now - timedelta(days=campaign.cool_down_days or 0)
        recent = set(campaign.enrolments.filter(created_at__gt=since).values_list("customer_id", flat=True))
        chosen = _one_a_customer(cause for cause in chosen if cause.customer_id not in recent)
    if campaign.reentry == Reentry.AFTER_EXIT:
        live = set(campaign.enrolments.active().values_list("customer_id", flat=True))
        chosen = _one_a_customer(cause for cause in chosen if cause.customer_id not in live)
    made = Enrolment.objects.bulk_create(
        (_row(campaign, cause, now) for cause in chosen), ignore_conflicts=True, batch_size=1000
    )
    wake.on_commit("run")
    return len(made)


def _of_audience(campaign: Campaign, causes: Sequence[Cause], *, now: datetime) -> list[Cause]:
    if not causes or not campaign.audience:
        return list(causes)
    fitting = rules.compiled(campaign.audience, rules.Scope(now=now))
    ids = {cause.customer_id for cause in causes}
    fits = set(Customer.objects.filter(fitting, pk__in=ids).values_list("pk", flat=True))
    return [cause for cause in causes if cause.customer_id in fits]


def _one_a_customer(causes: Iterable[Cause]) -> list[Cause]:
    return list({cause.customer_id: cause for cause in causes}.values())


def _row(campaign: Campaign, cause: Cause, now: datetime) -> Enrolment:
    return Enrolment(
        campaign=campaign,
        customer_id=cause.customer_id,
        entry_key="" if campaign.reentry == Reentry.ONCE else cause.key,
        is_only_live=campaign.reentry == Reentry.AFTER_EXIT,
        entry_id=cause.entry_id,
        cause_at=cause.at,
        due_at=now,
        created_at=now,
    )


def withdraw(entry_ids: Sequence[int], *, now: datetime) -> None:
    """Runs whose cause a refold took back go no further."""
    if entry_ids:
        Enrolment.objects.active().filter(entry_id__in=entry_ids).update(
            state=EnrolmentState.EXITED, exit_reason="cause_withdrawn", ended_at=now
        )


def look_at_exits_and_goals(batch: Batch) -> None:
    """`did` counts what happened after the cause of each run. Exits end runs on the way; goals count after the last
    step too, since that is when most are reached."""
    if not batch.changes:
        return
    scope = rules.Scope(now=batch.now, customer="customer", after="cause_at")
    runs = Enrolment.objects.filter(customer_id__in=batch.customer_ids)
    for campaign in Campaign.objects.exclude(goal_rule={}).filter(enrolments__in=runs).distinct():
        _mark_goals(runs.filter(campaign=campaign), campaign, scope)
    for campaign in Campaign.objects.exclude(exit_rule={}).filter(enrolments__in=runs.active()).distinct():
        leaving = runs.active().filter(rules.compiled(campaign.exit_rule, scope), campaign=campaign)
        leaving.update(state=EnrolmentState.EXITED, exit_reason="exit rule", ended_at=batch.now)


def _mark_goals(runs: EnrolmentQuerySet, campaign: Campaign, scope: rules.Scope) -> None:
    open_runs = runs.exclude(state=EnrolmentState.EXITED).filter(goal_reached_at=None)
    reached = open_runs.filter(rules.compiled(campaign.goal_rule, scope))
    if campaign.goal_within_days:
        reached = reached.filter(cause_at__gte=scope.now - timedelta(days=campaign.goal_within_days))
    reached.update(goal_reached_at=scope.now)
