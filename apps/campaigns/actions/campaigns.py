"""A campaign's life: drafted, published as a version, active, paused, archived."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction

from apps.campaigns import program, wire
from apps.campaigns.actions import enrolling, present, sweeping
from apps.campaigns.causes import Cause
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import CampaignState, MessageState, TriggerKind
from apps.campaigns.models import Campaign, CampaignStep, CampaignVersion, Enrolment, Message
from apps.campaigns.wire import CampaignText
from apps.core import locks, wake
from apps.staff.models import User


class WrongState(CampaignError):
    """The campaign's state does not allow this."""


class Decision(Enum):
    """What becomes of a run that stands at a step when a new version is published."""

    STAY = "stay"  # it goes on by the version it began with
    MOVE = "move"  # it goes on at the same step of the new one
    EXIT = "exit"


def lock(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("version", "journey").get(pk=campaign.pk)


@transaction.atomic
def import_text(*, text: CampaignText) -> Campaign:
    """The campaign of that name, made or its draft replaced. What is in force changes when it is activated again."""
    campaign = Campaign.objects.select_for_update(of=("self",)).filter(name=text.name).first()
    if campaign is None:
        campaign = Campaign(name=text.name)
    elif campaign.state == CampaignState.ARCHIVED:
        raise WrongState(f'The campaign "{text.name}" is archived. Give the new one another name.')
    _keep_keys(campaign.draft.get("steps", []), text)
    campaign.draft = text.text
    campaign.revision += 1
    if campaign.version_id is None:
        _put_in_force(campaign, text)
    campaign.save()
    return campaign


def _keep_keys(before: list[dict[str, Any]], text: CampaignText) -> None:
    """A text without keys, such as one that was written by hand: a step of the same kind at the same place is the same
    step."""
    known = {_place(step) for step in wire.walk(text.text["steps"])}
    earlier = list(wire.walk(before))
    for old, new, step in zip(earlier, list(wire.walk(text.text["steps"])), _flat(text), strict=False):
        if wire.kind_of(old) == wire.kind_of(new) and _place(old) not in known:
            step.key = new["key"] = old["key"]


def _place(raw: dict[str, Any]) -> str:
    return str(raw.get("key", ""))


def _flat(text: CampaignText) -> list[program.StepText]:
    return [placed.text for placed in program.lay_out(text.steps)]


def _put_in_force(campaign: Campaign, text: CampaignText) -> None:
    campaign.journey, campaign.trigger = text.journey, text.trigger.kind
    campaign.trigger_settings, campaign.stage_key = text.trigger.settings, text.trigger.stage_key
    campaign.audience, campaign.rechecks_audience = text.audience, text.rechecks_audience
    campaign.exit_rule = text.exit_rule
    campaign.goal_rule, campaign.goal_within_days = text.goal_rule, text.goal_within_days
    campaign.reentry, campaign.cool_down_days = text.reentry, text.cool_down_days
    campaign.max_lateness_hours, campaign.holdout_percent = text.max_lateness_hours, text.holdout_percent
    campaign.priority = text.priority


@transaction.atomic
def activate(
    *,
    campaign: Campaign,
    include_present: bool,
    now: datetime,
    by: User | None = None,
    decisions: Mapping[str, Decision] | None = None,
) -> int | None:
    """Publishes the draft where it says something new, and starts or goes on; returns how many customers who are in
    the stage already were enrolled, None where they are so many that a job does it. Held messages are due again.
    `decisions`: what becomes of runs on the way, by the key of the step where they stand; they stay where nothing is
    said. Raises CampaignError for a draft that cannot run."""
    campaign = lock(campaign)
    if campaign.state == CampaignState.ARCHIVED:
        raise WrongState("An archived campaign cannot be activated.")
    if campaign.has_news:
        _publish(campaign, by, now, decisions or {})
    was_active = campaign.state == CampaignState.ACTIVE
    campaign.state, campaign.paused_because = CampaignState.ACTIVE, ""
    if not was_active:
        campaign.swept_at = None
    campaign.save()
    if campaign.trigger == TriggerKind.SCHEDULE:
        if sweeping.is_over(campaign=campaign, now=now):
            raise CampaignError("trigger: this time has passed, so nothing would go out. Choose another, or none.")
        sweeping.start_broadcasts(campaign=campaign, now=now)
    Message.objects.filter(enrolment__campaign=campaign, state=MessageState.HELD).update(
        state=MessageState.QUEUED, reason=""
    )
    wake.on_commit("run")
    wake.on_commit("deliver")
    return present.enrol(campaign=campaign, now=now, user_id=by.pk if by else None) if include_present else 0


def _publish(campaign: Campaign, by: User | None, now: datetime, decisions: Mapping[str, Decision]) -> None:
    text = wire.read(campaign.draft)
    before = campaign.version
    campaign.draft = text.text
    _put_in_force(campaign, text)
    campaign.version = CampaignVersion.objects.create(
        campaign=campaign,
        number=before.number + 1 if before else 1,
        text=text.text,
        published_at=now,
        published_by=by,
    )
    CampaignStep.objects.bulk_create(
        CampaignStep(
            version=campaign.version,
            key=placed.text.key,
            position=placed.position,
            next=placed.next,
            kind=placed.text.kind,
            settings=placed.text.settings,
            ways=placed.ways,
            topic=placed.text.topic,
        )
        for placed in program.lay_out(text.steps)
    )
    _decide(campaign, decisions, now)


def _decide(campaign: Campaign, decisions: Mapping[str, Decision], now: datetime) -> None:
    """Runs on the way, all versions: by the step where each stands. One can move only to a step that is still there."""
    steps = {str(step.key): step for step in CampaignStep.objects.filter(version=campaign.version)}
    for old in CampaignStep.objects.filter(version__campaign=campaign, key__in=list(decisions)):
        runs = Enrolment.objects.active().filter(version_id=old.version_id, position=old.position)
        decision, new = decisions[str(old.key)], steps.get(str(old.key))
        if old.version_id == campaign.version_id or decision is Decision.STAY:
            continue
        if decision is Decision.EXIT:
            enrolling.exit_runs(runs, reason="a new version was published", now=now)
        elif new is None:
            raise CampaignError("Runs can move only to a step that the new version still has. Let them stay or exit.")
        else:
            runs.update(version=campaign.version, position=new.position)


@transaction.atomic
def enrol_by_hand(*, campaign: Campaign, customer_ids: Iterable[int], now: datetime, key: str) -> int:
    """Staff choose who; returns how many were enrolled. `key` makes repeats of the same act one."""
    campaign = lock(campaign)
    if campaign.state != CampaignState.ACTIVE:
        raise WrongState("Activate the campaign first.")
    if campaign.trigger != TriggerKind.MANUAL:
        raise WrongState("Only campaigns whose customers are chosen by hand take them from here.")
    ids = sorted(set(customer_ids))
    locks.wait_for_customers(ids)
    causes = [Cause(pk, f"manual:{key}", now) for pk in ids]
    return enrolling.enrol(campaign=campaign, causes=causes, now=now)


@transaction.atomic
def pause(*, campaign: Campaign, because: str = "") -> None:
    """Runs stand still; messages that are due wait at the gate until the campaign is active again."""
    campaign = lock(campaign)
    if campaign.state != CampaignState.ACTIVE:
        raise WrongState("Only an active campaign can be paused.")
    campaign.state, campaign.paused_because = CampaignState.PAUSED, because[:300]
    campaign.save(update_fields=["state", "paused_because"])


@transaction.atomic
def archive(*, campaign: Campaign, now: datetime) -> None:
    """Ends all its runs; it can be read, and never sends again."""
    campaign = lock(campaign)
    campaign.state = CampaignState.ARCHIVED
    campaign.save(update_fields=["state"])
    enrolling.exit_runs(Enrolment.objects.filter(campaign=campaign), reason="campaign archived", now=now)
