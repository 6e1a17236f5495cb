"""What each kind of step does with the runs that stand at it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.campaigns import program, timing
from apps.campaigns.actions.walk import Run, Walk
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.models import CampaignStep, Enrolment
from apps.campaigns.program import HAPPENED, TIMED_OUT
from apps.core import actions as changes
from apps.core import locks, registry, rules
from apps.core.enums import Origin
from apps.core.models import CompanySettings
from apps.core.registry import StepCall
from apps.customers.models import Customer
from apps.feedback.models import Invitation, ReviewSite, Survey

_BUSY = timedelta(seconds=1)

_QUEUE = """
    INSERT INTO campaigns_message (key, enrolment_id, step_id, customer_id, invitation_id, channel, topic_id, address,
        is_ask, priority, state, reason, due_at, is_held_until_due, attempt, fence, is_uncertain, subject, text,
        provider, created_at)
    SELECT e.id || ':' || %(key)s, e.id, %(step)s, e.customer_id, i.id, %(channel)s, %(topic)s,
        CASE %(channel)s WHEN 'email' THEN c.email WHEN 'sms' THEN c.phone ELSE %(address)s END,
        %(ask)s, %(priority)s, 'queued', '', %(now)s, false, 0, 0, false, '', '', '', %(now)s
    FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS r(id, place)
    JOIN campaigns_enrolment e ON e.id = r.id JOIN customers_customer c ON c.id = e.customer_id
    LEFT JOIN feedback_invitation i ON %(ask)s AND i.key = e.id || ':' || %(key)s
    ORDER BY r.place
    ON CONFLICT (key) DO NOTHING
"""


# --- Waiting


def _wait(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    over = [run for run in runs if run.waits_since is not None]
    if "for" in step.settings:
        walk.choose(step, [run for run in over if run.happened_at is not None], HAPPENED)
        walk.choose(step, [run for run in over if run.happened_at is None and run.waits_since], TIMED_OUT)
    for run in over:
        if run.waits_since is not None:
            run.go_to(step.next)
    arriving = [run for run in runs if run not in over]
    if arriving:
        _begin_to_wait(walk, step, arriving)


def _begin_to_wait(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    new = walk.mark(step, runs)
    ends = _ends(step.settings, new, walk.now)
    is_for = "for" in step.settings
    there = _who_fits(step.settings["for"], new, walk.now, after="cause_at") if is_for else set()
    walk.choose(step, [run for run in new if run.pk in there], HAPPENED)
    for run in runs:
        if run.pk in there:
            continue
        if run.pk not in ends:  # was here before a new version came
            run.go_to(step.next)
        elif ends[run.pk] > walk.now:
            run.wait(since=walk.now, until=ends[run.pk], for_something=is_for)
        elif is_for:
            walk.choose(step, [run], TIMED_OUT)
        else:
            run.go_to(step.next)


def _ends(settings: dict[str, Any], runs: Sequence[Run], now: datetime) -> dict[int, datetime]:
    """By enrolment. Those of one zone who wait for the same time are reckoned once."""
    company_zone = CompanySettings.current().time_zone
    rows = Customer.objects.filter(pk__in=[run.customer_id for run in runs])
    traits = "traits" if "date" in settings else "pk"
    known = {row[0]: row[1:] for row in rows.values_list("pk", "time_zone", "country", traits)}
    reckoned: dict[Any, datetime] = {}
    found = {}
    for run in runs:
        time_zone, country, more = known[run.customer_id]
        zone = timing.zone_of(time_zone=time_zone, country=country, company=company_zone)
        what = more if "date" in settings else {}
        place = (zone.key, repr(what.get(settings["date"]["trait"])) if what else "")
        if place not in reckoned:
            reckoned[place] = timing.due_at(settings, arrival=now, zone=zone, traits=what)
        found[run.pk] = reckoned[place]
    return found


def _who_fits(rule: dict[str, Any], runs: Sequence[Run], now: datetime, *, after: str | None) -> set[int]:
    """The enrolments of these whose customer the rule fits. One question."""
    scope = rules.Scope(now=now, customer="customer", after=after)
    fitting = rules.compiled(rule, scope) or Q(pk__isnull=False)
    return set(Enrolment.objects.filter(pk__in=[run.pk for run in runs]).filter(fitting).values_list("pk", flat=True))


# --- Choosing a way


def _branch(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    """The first way that fits; the last has no rule."""
    left, ways = list(runs), dict[int, int]()
    for number, way in enumerate(step.ways):
        fits = _who_fits(way["rule"], left, walk.now, after=None) if "rule" in way else {run.pk for run in left}
        ways |= dict.fromkeys(fits, number)
        left = [run for run in left if run.pk not in fits]
    _take(walk, step, runs, ways)


def _split(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    """By chance, and the same for a customer who comes again."""
    _take(walk, step, runs, {run.pk: way_of_split(step, run.customer_id) for run in runs})


def way_of_split(step: CampaignStep, customer_id: int) -> int:
    return program.way_of_split(str(step.key), step.ways, customer_id)


def _take(walk: Walk, step: CampaignStep, runs: list[Run], ways: Mapping[int, int]) -> None:
    walk.mark(step, runs, [ways[run.pk] for run in runs])
    for run in runs:
        run.go_to(step.ways[ways[run.pk]]["to"])


# --- Doing something


def _send(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    new = walk.mark(step, runs)
    kind = StepKind(step.kind)
    if kind.asks:
        _invite(step, new, walk.now)
    way = Way(step.settings.get("channel", Way.EMAIL.value))
    _queue(step, new, walk.now, way=way, is_ask=kind.asks)
    _go_on(step, runs)


def _webhook(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    new = walk.mark(step, runs)
    _queue(step, new, walk.now, way=Way.WEBHOOK, address=step.settings["endpoint"])
    _go_on(step, runs)


def _queue(
    step: CampaignStep, runs: Sequence[Run], now: datetime, *, way: Way, is_ask: bool = False, address: str = ""
) -> None:
    if not runs:
        return
    values: dict[str, Any] = {
        "key": str(step.key), "step": step.pk, "channel": way.value, "topic": step.topic_id, "address": address,
        "ask": is_ask, "priority": step.version.campaign.priority, "now": now, "ids": [run.pk for run in runs],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, values)


def _invite(step: CampaignStep, runs: Sequence[Run], now: datetime) -> None:
    settings = step.settings
    survey = Survey.objects.get(name=settings["survey"]) if "survey" in settings else None
    made = Invitation.objects.bulk_create(
        (
            Invitation(
                key=f"{run.pk}:{step.key}",
                customer_id=run.customer_id,
                survey=survey,
                channel=settings.get("channel", Way.EMAIL.value),
                created_at=now,
            )
            for run in runs
        ),
    )
    links = Invitation.sites.through
    sites = list(ReviewSite.objects.filter(name__in=settings.get("sites", [])))
    links.objects.bulk_create(links(invitation=one, reviewsite=site) for one in made for site in sites)


def _task(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    campaign = step.version.campaign.name
    calls = [
        StepCall(f"{run.pk}:{step.key}", run.customer_id, campaign, step.settings) for run in walk.mark(step, runs)
    ]
    if calls:
        registry.campaign_steps[StepKind.TASK.value].run(calls, walk.now)
    _go_on(step, runs)


def _update(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    """Under the lock of each customer; whose is in other hands comes a moment later, since those hands may wait for
    this very run."""
    locked = locks.try_customers(sorted({run.customer_id for run in runs}))
    free = [run for run in runs if run.customer_id in locked]
    for run in runs:
        if run.customer_id not in locked:
            run.come_again(walk.now + _BUSY)
    if not free:
        return
    new = walk.mark(step, free)
    customers = Customer.objects.filter(pk__in=[run.customer_id for run in new]).in_bulk()
    for customer in customers.values():
        _apply(step.settings, customer)
    Customer.objects.bulk_update(customers.values(), ["traits", "tags"])
    changes.record_changes(customer_ids=sorted(customers), origin=Origin.LIVE)
    _go_on(step, free)


def _apply(settings: Mapping[str, Any], customer: Customer) -> None:
    customer.traits = {**customer.traits, **settings.get("set", {})}
    gone = set(settings.get("remove_tags", []))
    kept = [tag for tag in customer.tags if tag not in gone]
    customer.tags = list(dict.fromkeys([*kept, *settings.get("add_tags", [])]))[:50]


def _exit(walk: Walk, step: CampaignStep, runs: list[Run]) -> None:
    walk.mark(step, runs)
    for run in runs:
        run.end("exited", step.settings.get("reason", "exit step"))


def _go_on(step: CampaignStep, runs: Sequence[Run]) -> None:
    for run in runs:
        run.go_to(step.next)


HANDLERS: dict[str, Callable[[Walk, CampaignStep, list[Run]], None]] = {
    StepKind.WAIT: _wait,
    StepKind.BRANCH: _branch,
    StepKind.SPLIT: _split,
    StepKind.MESSAGE: _send,
    StepKind.SURVEY: _send,
    StepKind.REVIEW_REQUEST: _send,
    StepKind.TASK: _task,
    StepKind.UPDATE: _update,
    StepKind.WEBHOOK: _webhook,
    StepKind.EXIT: _exit,
}
