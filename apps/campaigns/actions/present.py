"""Customers who are where an activated campaign's trigger would find them, however long and of whatever origin."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from apps.campaigns import selectors
from apps.campaigns.actions import enrolling, triggers
from apps.campaigns.causes import Cause
from apps.campaigns.enums import CampaignState
from apps.campaigns.models import Campaign
from apps.core import jobs, locks
from apps.core.models import Job

JOB = "enrol_present"
CHUNK = 1000


def enrol(*, campaign: Campaign, now: datetime, user_id: int | None) -> int | None:
    """A few at once, returning how many were enrolled; None where they are many and a job enrols them."""
    total = selectors.present_count(campaign)
    if total <= CHUNK:
        return _enrol(campaign, list(selectors.present_causes(campaign)), now)
    title = _("%(campaign)s: customers who are there already") % {"campaign": campaign}
    jobs.start(kind=JOB, title=title, user_id=user_id, params={"campaign": campaign.pk}, total=total)
    return None


def chunk(job: Job, now: datetime) -> bool:
    """The next of them, in the transaction of the job."""
    campaign = Campaign.objects.select_related("version").filter(pk=job.params["campaign"]).first()
    if campaign is None or campaign.state == CampaignState.ARCHIVED:
        raise jobs.JobError(_("The campaign was archived meanwhile. Nobody else is enrolled."))
    causes = list(islice(selectors.present_causes(campaign, after=job.cursor.get("after", 0)), CHUNK))
    job.result = {"enrolled": job.result.get("enrolled", 0) + _enrol(campaign, causes, now)}
    job.done += len(causes)
    if causes:
        job.cursor = {"after": int(causes[-1].key.rpartition(":")[2])}
    return len(causes) < CHUNK


def _enrol(campaign: Campaign, causes: Sequence[Cause], now: datetime) -> int:
    locks.wait_for_customers([cause.customer_id for cause in causes])
    return enrolling.enrol(campaign=campaign, causes=triggers.keyed(campaign, causes), now=now)
