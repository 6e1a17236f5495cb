"""Enrolment, exits and goals: pipeline handlers, inside the pass that holds the customers' locks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from apps.campaigns.actions import triggers
from apps.campaigns.causes import Cause
from apps.campaigns.enums import EnrolmentState, Reentry, StepKind
from apps.campaigns.models import Campaign, CampaignStep, Enrolment, EnrolmentQuerySet
from apps.core import rules, wake
from apps.core.registry import Batch
from apps.customers.models import Customer
from apps.journeys.entries import Withdrawn

# Who is held out is a function of campaign and customer: whoever is once, is always.
_INSERT = """
    INSERT INTO campaigns_enrolment (campaign_id, version_id, customer_id, entry_key, is_only_live, entry_id,
        interaction_id, cause_at, state, is_held_out, position, due_at, is_waiting_for, exit_reason, attempts, error,
        created_at, ended_at)
    SELECT %(campaign)s, %(version)s, r.customer_id, r.entry_key,
        %(only_live)s AND NOT held, r.entry_id, r.interaction_id, r.cause_at,
        CASE WHEN held THEN 'finished' ELSE 'active' END, held, 0, r.due_at, false, '', 0, '',
        %(now)s, CASE WHEN held THEN %(now)s END
    FROM (SELECT *, abs(hashint8(r.customer_id # (%(campaign)s::bigint << 20))::bigint) %% 100 < %(holdout)s AS held
          FROM unnest(%(customers)s::bigint[], %(keys)s::text[], %(entries)s::bigint[], %(interactions)s::bigint[],
                      %(times)s::timestamptz[], %(dues)s::timestamptz[])
               AS r(customer_id, entry_key, entry_id, interaction_id, cause_at, due_at)) r
    ON CONFLICT DO NOTHING
"""


def enrol_from_facts(batch: Batch) -> None:
    withdraw([fact.entry_id for fact in batch.facts if isinstance(fact, Withdrawn)], now=batch.now)
    if not batch.changes:
        return
    for campaign in Campaign.objects.active().select_related("version").order_by("-priority", "pk"):
        enrol(campaign=campaign, causes=triggers.causes_of(campaign, batch), now=batch.now)


def enrol(
    *, campaign: Campaign, causes: Sequence[Cause], now: datetime, due: Mapping[int, datetime] | None = None
) -> int:
    """Enrols those of the audience whom re-entry lets in; returns how many. The caller holds the customers' locks,
    and a cause enrols at most once in its life by a unique constraint. `due`: when the first step is due, by customer;
    else at once."""
    chosen = _of_audience(campaign, causes, now=now)
    if campaign.reentry == Reentry.COOL_DOWN:
        since = now - timedelta(days=campaign.cool_down_days or 0)
        recent = set(_of(campaign, chosen).filter(created_at__gt=since).values_list("customer_id", flat=True))
        chosen = _one_a_customer(cause for cause in chosen if cause.customer_id not in recent)
    if campaign.reentry == Reentry.AFTER_EXIT:
        live = set(_of(campaign, chosen).active().values_list("customer_id", flat=True))
        chosen = _one_a_customer(cause for cause in chosen if cause.customer_id not in live)
    if not chosen:
        return 0
    wake.on_commit("run")
    in_order = sorted(chosen, key=lambda cause: (cause.at, cause.customer_id))
    return _insert(campaign, in_order, now, due or {})


def _of(campaign: Campaign, causes: Sequence[Cause]) -> EnrolmentQuerySet:
    return Enrolment.objects.filter(campaign=campaign, customer_id__in={cause.customer_id for cause in causes})


def _of_audience(campaign: Campaign, causes: Sequence[Cause], *, now: datetime) -> list[Cause]:
    if not causes or not campaign.audience:
        return list(causes)
    fitting = rules.compiled(campaign.audience, rules.Scope(now=now))
    ids = {cause.customer_id for cause in causes}
    fits = set(Customer.objects.filter(fitting, pk__in=ids).values_list("pk", flat=True))
    return [cause for cause in causes if cause.customer_id in fits]


def _one_a_customer(causes: Iterable[Cause]) -> list[Cause]:
    return list({cause.customer_id: cause for cause in causes}.values())


def _insert(campaign: Campaign, causes: Sequence[Cause], now: datetime, due: Mapping[int, datetime]) -> int:
    """One statement; a cause that was there already is passed over."""
    values = {
        "campaign": campaign.pk,
        "version": campaign.version_id,
        "holdout": campaign.holdout_percent,
        "only_live": campaign.reentry == Reentry.AFTER_EXIT,
        "now": now,
        "customers": [cause.customer_id for cause in causes],
        "keys": [entry_key(campaign, cause) for cause in causes],
        "entries": [cause.entry_id for cause in causes],
        "interactions": [cause.interaction_id for cause in causes],
        "times": [cause.at for cause in causes],
        "dues": [max(now, due.get(cause.customer_id, now)) for cause in causes],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return int(cursor.rowcount)


def entry_key(campaign: Campaign, cause: Cause) -> str:
    """Once a key where the trigger names one; else by the re-entry."""
    is_once = campaign.reentry == Reentry.ONCE and not cause.key.startswith("key:")
    return "" if is_once else cause.key


def withdraw(entry_ids: Sequence[int], *, now: datetime) -> None:
    """Runs whose cause a refold took back go no further."""
    if entry_ids:
        exit_runs(Enrolment.objects.filter(entry_id__in=entry_ids), reason="cause_withdrawn", now=now)


def exit_runs(runs: EnrolmentQuerySet, *, reason: str, now: datetime) -> int:
    """Ends those that are on the way; what they queued is stopped by the gate."""
    return runs.active().update(
        state=EnrolmentState.EXITED, exit_reason=reason, ended_at=now, is_waiting_for=False, waits_since=None
    )


def look_at_exits_and_goals(batch: Batch) -> None:
    """`did` counts what happened after the cause of each run. Exits end runs on the way, in the middle of a wait too;
    goals count after the last step as well, since that is when most are reached, and for who was held out."""
    if not batch.changes:
        return
    scope = rules.Scope(now=batch.now, customer="customer", after="cause_at")
    runs = Enrolment.objects.filter(customer_id__in=batch.customer_ids)
    for campaign in Campaign.objects.exclude(goal_rule={}).filter(enrolments__in=runs).distinct():
        _mark_goals(runs.filter(campaign=campaign), campaign, scope)
    for campaign in Campaign.objects.exclude(exit_rule={}).filter(enrolments__in=runs.active()).distinct():
        leaving = runs.active().filter(rules.compiled(campaign.exit_rule, scope), campaign=campaign)
        exit_runs(leaving, reason="exit rule", now=batch.now)
    _look_at_waits(runs, batch.now)


def _mark_goals(runs: EnrolmentQuerySet, campaign: Campaign, scope: rules.Scope) -> None:
    open_runs = runs.exclude(state=EnrolmentState.EXITED).filter(goal_reached_at=None)
    reached = open_runs.filter(rules.compiled(campaign.goal_rule, scope))
    if campaign.goal_within_days:
        reached = reached.filter(cause_at__gte=scope.now - timedelta(days=campaign.goal_within_days))
    reached.update(goal_reached_at=scope.now)


def _look_at_waits(runs: EnrolmentQuerySet, now: datetime) -> None:
    """What a run waits for has happened: it goes on at once."""
    waiting = runs.waiting_for_something()
    places = set(waiting.values_list("version_id", "position"))
    scope = rules.Scope(now=now, customer="customer", after="cause_at")
    for version_id, position in places:
        step = CampaignStep.objects.filter(version_id=version_id, position=position, kind=StepKind.WAIT).first()
        if step is not None and "for" in step.settings:
            here = waiting.filter(version_id=version_id, position=position)
            happened = here.filter(rules.compiled(step.settings["for"], scope) or Q(pk__isnull=False))
            if happened.update(happened_at=now, due_at=now):
                wake.on_commit("run")
