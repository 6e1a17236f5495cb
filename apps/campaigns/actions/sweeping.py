"""Triggers of the clock: dates of customers, and broadcasts. A sweep finds what has come round and enrols; causes have
keys made of the day or the slot, so that two sweeps do no more than one."""

from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import CharField, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Substr

from apps.campaigns import slots, timing
from apps.campaigns.actions import enrolling
from apps.campaigns.causes import Cause
from apps.campaigns.enums import CampaignState, TriggerKind
from apps.campaigns.models import Campaign
from apps.core import jobs, locks, rules
from apps.core.hours import first_zone, instant
from apps.core.models import CompanySettings, Job
from apps.customers.models import Customer, CustomerQuerySet

JOB = "broadcast"
CHUNK = 1000
DATES_EVERY = timedelta(minutes=15)


def sweep(*, now: datetime) -> int:
    """Returns how many campaigns had something to do."""
    found = 0
    for campaign in Campaign.objects.triggered_by(TriggerKind.SCHEDULE, TriggerKind.DATE).order_by("pk"):
        if campaign.trigger == TriggerKind.SCHEDULE:
            found += start_broadcasts(campaign=campaign, now=now)
        elif campaign.swept_at is None or now - campaign.swept_at >= DATES_EVERY:
            found += bool(enrol_dates(campaign=campaign, now=now))
    return found


def _company_zone() -> ZoneInfo:
    return first_zone(CompanySettings.current().time_zone)


# --- Broadcasts


def is_over(*, campaign: Campaign, now: datetime) -> bool:
    """Whether it would go out once, and the time has passed for everybody without its having gone out."""
    settings = campaign.trigger_settings
    if "at" not in settings or settings.get("every", "once") != "once":
        return False
    ends = slots.ends_at(datetime.fromisoformat(settings["at"]), settings, _company_zone())
    went_out = campaign.enrolments.exists() or Job.objects.filter(kind=JOB, params__campaign=campaign.pk).exists()
    return ends <= now and not went_out


@transaction.atomic
def start_broadcasts(*, campaign: Campaign, now: datetime) -> int:
    """A job for each slot that began since the last sweep, unless it is later than the campaign allows."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if campaign.state != CampaignState.ACTIVE:
        return 0
    settings, zone = campaign.trigger_settings, _company_zone()
    due: list[str] = []
    if "at" not in settings:
        due = [] if Job.objects.filter(kind=JOB, params__campaign=campaign.pk).exists() else [slots.START]
    else:
        due = [slot.isoformat() for slot in _begun(campaign, zone, now)]
    Campaign.objects.filter(pk=campaign.pk).update(swept_at=now)
    for slot in due:
        params = {"campaign": campaign.pk, "slot": slot, "at": now.isoformat()}
        jobs.start(kind=JOB, title=f"{campaign}: {slot.replace('T', ' ')}", user_id=None, params=params)
    return len(due)


def _begun(campaign: Campaign, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Since the last sweep; on the first one those that are still to come for somebody."""
    settings = campaign.trigger_settings
    latest = now - timedelta(hours=campaign.max_lateness_hours)
    if campaign.swept_at is not None:
        return slots.between(settings, zone, after=max(campaign.swept_at, latest), until=now)
    running = slots.between(settings, zone, after=now - timedelta(hours=27), until=now)
    return [slot for slot in running if slots.ends_at(slot, settings, zone) > now]


def broadcast_chunk(job: Job, now: datetime) -> bool:
    """The next customers of the audience, in the transaction of the job."""
    campaign = Campaign.objects.select_related("version").filter(pk=job.params["campaign"]).first()
    if campaign is None or campaign.state == CampaignState.ARCHIVED:
        raise jobs.JobError("The campaign was archived meanwhile. Nobody else is enrolled.")
    audience = _audience(campaign, now)
    if job.total is None:
        job.total = audience.count()
    rows = audience.filter(pk__gt=job.cursor.get("after", 0)).order_by("pk")
    found = list(rows.values_list("pk", "time_zone", "country")[:CHUNK])
    locks.wait_for_customers([pk for pk, _zone, _country in found])
    started = datetime.fromisoformat(job.params["at"])
    causes = [Cause(pk, f"schedule:{job.params['slot']}", started) for pk, _zone, _country in found]
    due = _due(campaign, job.params["slot"], found)
    enrolled = enrolling.enrol(campaign=campaign, causes=causes, now=now, due=due)
    job.done += len(found)
    job.result = {"enrolled": job.result.get("enrolled", 0) + enrolled}
    job.cursor = {"after": found[-1][0] if found else 0}
    return len(found) < CHUNK


def _audience(campaign: Campaign, now: datetime) -> CustomerQuerySet:
    fitting = rules.compiled(campaign.audience, rules.Scope(now=now, is_whole=True))
    return Customer.objects.present().filter(fitting)


def _due(campaign: Campaign, slot: str, found: list[tuple[int, str, str]]) -> dict[int, datetime]:
    """At each customer's own clock, where the campaign goes by that."""
    if slot == slots.START or campaign.trigger_settings.get("clock") != "customer":
        return {}
    company, wall = CompanySettings.current().time_zone, datetime.fromisoformat(slot)
    known: dict[tuple[str, str], datetime] = {}
    for _pk, time_zone, country in found:
        if (time_zone, country) not in known:
            zone = timing.zone_of(time_zone=time_zone, country=country, company=company)
            known[time_zone, country] = instant(wall, zone)
    return {pk: known[time_zone, country] for pk, time_zone, country in found}


# --- Dates of customers


def enrol_dates(*, campaign: Campaign, now: datetime) -> int:
    """Whose date comes before the next sweep, each due at the exact time, or came not longer ago than allowed. A part
    at a time; after a crash the next sweep goes over all of them again, which enrols nobody twice."""
    campaign = Campaign.objects.get(pk=campaign.pk)
    if campaign.state != CampaignState.ACTIVE:
        return 0
    settings = campaign.trigger_settings
    company = CompanySettings.current().time_zone
    earliest = max(now - timedelta(hours=campaign.max_lateness_hours), campaign.swept_at or now - DATES_EVERY)
    due: dict[int, datetime] = {}
    for pk, time_zone, country, value in _with_date(settings, now):
        zone = timing.zone_of(time_zone=time_zone, country=country, company=company)
        moment = slots.moment_of_date(value, settings, around=now, zone=zone)
        if moment is not None and earliest < moment <= now + DATES_EVERY:
            due[pk] = moment
    enrolled = sum(_enrol_dates(campaign.pk, dict(part), now) for part in batched(sorted(due.items()), CHUNK))
    Campaign.objects.filter(pk=campaign.pk).update(swept_at=now)
    return enrolled


@transaction.atomic
def _enrol_dates(campaign_id: int, due: dict[int, datetime], now: datetime) -> int:
    campaign = Campaign.objects.select_for_update(of=("self",)).select_related("version").get(pk=campaign_id)
    if campaign.state != CampaignState.ACTIVE:
        return 0
    locks.wait_for_customers(list(due))
    causes = [Cause(pk, f"date:{moment.date().isoformat()}", moment) for pk, moment in due.items()]
    return enrolling.enrol(campaign=campaign, causes=causes, now=now, due=due)


def _with_date(settings: dict[str, Any], now: datetime) -> Any:
    """Customers whose trait is a date that can be now; the trait's name is a parameter of the query."""
    text = KeyTextTransform(settings["trait"], "traits", output_field=CharField())
    start, length = (5, 6) if settings.get("yearly") else (1, 10)
    day = Substr(text, start, length)
    rows = Customer.objects.present().annotate(day=day, said=text)
    wanted = Q(day__in=sorted(slots.days_of_trait(settings, around=now)))
    return rows.filter(wanted).values_list("pk", "time_zone", "country", "said").iterator()
