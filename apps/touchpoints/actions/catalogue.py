"""The catalogue: which touchpoints there are and what happened at them. A change holds for what comes in from then on
(within seconds in every process); `apply` matches the last days anew."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import jobs
from apps.core.models import Job
from apps.touchpoints import matching, selectors
from apps.touchpoints.actions import ingest
from apps.touchpoints.models import Touchpoint, TouchpointDay

MATCH_JOB = "match_touchpoints"
APPLY_DAYS = 30


class TouchpointError(ValueError):
    """It cannot be changed so; the text says why and what to do."""


@transaction.atomic
def save(*, touchpoint: Touchpoint) -> Touchpoint:
    """A new touchpoint or the changes of one. Raises TouchpointError and, for its rules, RuleError."""
    touchpoint.rules = matching.read_rules(touchpoint.rules)
    before = Touchpoint.objects.filter(pk=touchpoint.pk).values_list("name", flat=True).first()
    if before is not None and before != touchpoint.name:
        holders = selectors.used_by(before)
        if holders:
            text = _("%(holders)s match by the name “%(name)s”, so it must stay.")
            raise TouchpointError(text % {"holders": ", ".join(holders), "name": before})
    touchpoint.save()
    ingest.forget_cached()
    return touchpoint


@transaction.atomic
def delete(*, touchpoint: Touchpoint, user_id: int | None) -> Job | None:
    """Its interactions stay, and are matched anew by the job that is returned, where there are any."""
    holders = selectors.used_by(touchpoint.name)
    if holders:
        text = _("It is used by %(holders)s. Change that first.")
        raise TouchpointError(text % {"holders": ", ".join(holders)})
    first_day = (
        TouchpointDay.objects.filter(touchpoint=touchpoint).order_by("day").values_list("day", flat=True).first()
    )
    job = None
    if first_day is not None:
        params = {"touchpoint": touchpoint.pk, "since": f"{first_day.isoformat()}T00:00:00+00:00"}
        title = _("Take “%(name)s” off its interactions") % {"name": touchpoint.name}
        job = jobs.start(kind=MATCH_JOB, title=title, user_id=user_id, params=params)
    touchpoint.delete()
    ingest.forget_cached()
    return job


def apply(*, touchpoint: Touchpoint, user_id: int | None, now: datetime) -> Job:
    """Has what happened in the last days matched anew, as far as this touchpoint is concerned."""
    since = now - timedelta(days=APPLY_DAYS)
    return jobs.start(
        kind=MATCH_JOB,
        title=_("Match “%(name)s” to the last %(days)s days") % {"name": touchpoint.name, "days": APPLY_DAYS},
        user_id=user_id,
        params={"touchpoint": touchpoint.pk, "since": since.isoformat()},
    )
