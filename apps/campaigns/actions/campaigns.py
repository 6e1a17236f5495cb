"""A campaign's life: import as a draft, activate, pause, archive."""

from datetime import datetime

from django.db import transaction

from apps.campaigns import selectors
from apps.campaigns.actions import enrolling
from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState
from apps.campaigns.models import Campaign, CampaignStep, Message
from apps.campaigns.wire import CampaignError, CampaignText
from apps.core import locks, wake


class WrongState(CampaignError):
    """The campaign's state does not allow this."""


@transaction.atomic
def import_text(*, text: CampaignText) -> Campaign:
    """The campaign of that name, made or its draft replaced. One that has run is not changed."""
    campaign = Campaign.objects.select_for_update(of=("self",)).filter(name=text.name).first()
    if campaign is None:
        campaign = Campaign(name=text.name)
    elif campaign.state != CampaignState.DRAFT:
        raise WrongState(f'The campaign "{text.name}" is {campaign.state}. Give the new one another name.')
    campaign.journey, campaign.trigger, campaign.stage_key = text.journey, text.trigger, text.stage_key
    campaign.audience, campaign.exit_rule = text.audience, text.exit_rule
    campaign.goal_rule, campaign.goal_within_days = text.goal_rule, text.goal_within_days
    campaign.reentry, campaign.cool_down_days = text.reentry, text.cool_down_days
    campaign.max_lateness_hours = text.max_lateness_hours
    campaign.save()
    campaign.steps.all().delete()
    CampaignStep.objects.bulk_create(
        CampaignStep(campaign=campaign, position=position, kind=step.kind, settings=step.settings, topic=step.topic)
        for position, step in enumerate(text.steps)
    )
    return campaign


@transaction.atomic
def activate(*, campaign: Campaign, include_present: bool, now: datetime) -> int:
    """Starts or goes on; returns how many customers who are in the stage already were enrolled. Held messages are due
    again. Activating an active campaign does nothing but include those present, where asked."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if campaign.state == CampaignState.ARCHIVED:
        raise WrongState("An archived campaign cannot be activated.")
    campaign.state = CampaignState.ACTIVE
    campaign.save(update_fields=["state"])
    Message.objects.filter(enrolment__campaign=campaign, state=MessageState.HELD).update(
        state=MessageState.QUEUED, reason=""
    )
    wake.on_commit("run")
    wake.on_commit("deliver")
    return _enrol_present(campaign, now) if include_present else 0


def _enrol_present(campaign: Campaign, now: datetime) -> int:
    entries = list(selectors.present(campaign).order_by("pk"))
    locks.wait_for_customers([entry.customer_id for entry in entries])
    before = campaign.enrolments.count()
    causes = [enrolling.Cause(e.customer_id, e.pk, f"entry:{e.pk}", e.entered_at) for e in entries]
    enrolling.enrol(campaign=campaign, causes=causes, now=now)
    return campaign.enrolments.count() - before


@transaction.atomic
def pause(*, campaign: Campaign) -> None:
    """Runs stand still; messages that are due wait at the gate until the campaign is active again."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if campaign.state != CampaignState.ACTIVE:
        raise WrongState("Only an active campaign can be paused.")
    campaign.state = CampaignState.PAUSED
    campaign.save(update_fields=["state"])


@transaction.atomic
def archive(*, campaign: Campaign, now: datetime) -> None:
    """Ends all its runs; it can be read, and never sends again."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    campaign.state = CampaignState.ARCHIVED
    campaign.save(update_fields=["state"])
    campaign.enrolments.active().update(state=EnrolmentState.EXITED, exit_reason="campaign archived", ended_at=now)
