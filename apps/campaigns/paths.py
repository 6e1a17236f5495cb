"""Where a run goes on: the next message of somebody, as far as it can be told now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.campaigns import program, wire
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import EnrolmentState, StepKind
from apps.campaigns.models import Campaign, CampaignStep, Enrolment
from apps.core import rules
from apps.customers.models import Customer

type Steps = Mapping[int, CampaignStep]


def steps_of(version_id: int) -> Steps:
    rows = CampaignStep.objects.filter(version_id=version_id).select_related("topic")
    return {step.position: step for step in rows}


def steps_of_draft(campaign: Campaign) -> Steps:
    """As they would be; none for a draft that cannot run."""
    try:
        placed = program.lay_out(wire.read(campaign.draft).steps)
    except CampaignError:
        return {}
    return {
        one.position: CampaignStep(
            key=one.text.key, position=one.position, next=one.next, kind=one.text.kind, settings=one.text.settings,
            ways=one.ways, topic=one.text.topic,
        )
        for one in placed
    }  # fmt: skip


def next_message(steps: Steps, position: int | None, *, customer: Customer, now: datetime) -> CampaignStep | None:
    """The first step from here on that sends. Branches are taken as they would be now; what is waited for is taken to
    happen."""
    while position is not None and (step := steps.get(position)) is not None:
        if StepKind(step.kind).sends:
            return step
        position = _onward(step, customer, now)
    return None


def _onward(step: CampaignStep, customer: Customer, now: datetime) -> int | None:
    if step.kind == StepKind.SPLIT:
        way = program.way_of_split(str(step.key), step.ways, customer.pk)
    elif step.kind == StepKind.BRANCH:
        fitting = (n for n, way in enumerate(step.ways) if "rule" not in way or _fits(way["rule"], customer, now))
        way = next(fitting)
    elif step.ways:
        way = program.HAPPENED
    else:
        return step.next
    found: int | None = step.ways[way]["to"]
    return found


def _fits(rule: dict[str, object], customer: Customer, now: datetime) -> bool:
    return Customer.objects.filter(rules.compiled(rule, rules.Scope(now=now)), pk=customer.pk).exists()


def stands_at(runs: Sequence[Enrolment]) -> dict[int, CampaignStep]:
    """The step of each run that is on the way. One question."""
    active = [run for run in runs if run.state == EnrolmentState.ACTIVE]
    rows = CampaignStep.objects.filter(version_id__in={run.version_id for run in active})
    steps = {(step.version_id, step.position): step for step in rows}
    places = {run.pk: steps.get((run.version_id, run.position)) for run in active}
    return {pk: step for pk, step in places.items() if step is not None}
