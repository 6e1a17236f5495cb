"""Publishing makes the draft the version that customers are measured by. Everybody is folded anew in the background, by
a job that hands customers to the change queue some thousands at a time, behind live changes; cancelling it goes
back."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import actions as changes
from apps.core import jobs, registry
from apps.core.enums import Origin
from apps.core.models import Change, Job
from apps.customers.models import Customer
from apps.journeys import wire
from apps.journeys.models import Journey, MapVersion, Progress, StageEntry, StageMove, StepVisit
from apps.journeys.selectors.drafts import export_text
from apps.staff.models import User

JOB = "publish"
_CHUNK = 2000
_MOST_WAITING = 3 * _CHUNK  # more than that would only wait in the queue instead of here
_LOOK_AGAIN = timedelta(milliseconds=500)


class Refused(ValueError):
    """Something stands on what this version would take away; the text names it."""


@transaction.atomic
def publish(*, journey: Journey, now: datetime, by: User | None) -> MapVersion:
    """Publishing mails nobody. Raises wire.MapError when the draft is not valid, Refused when a guard objects."""
    journey = Journey.objects.select_for_update(of=("self",)).get(pk=journey.pk)
    wire.read(export_text(journey))
    snapshot = export_text(journey, with_keys=True)
    objections = [text for guard in registry.publish_guards for text in guard(journey.pk, snapshot)]
    if objections:
        raise Refused(" ".join(objections))
    latest = journey.versions.aggregate(latest=Max("number"))["latest"] or 0
    version = MapVersion.objects.create(
        journey=journey, number=latest + 1, snapshot=snapshot, published_at=now, published_by=by
    )
    version.job = _start(journey, version, by)
    version.save(update_fields=["job"])
    journey.current_version = version
    journey.save(update_fields=["current_version"])
    return version


def _start(journey: Journey, version: MapVersion, by: User | None) -> Job:
    """The first customers are handed over at once, so that a small company waits for no worker."""
    for older in Job.objects.unfinished().filter(kind=JOB, params__journey=journey.pk):
        jobs.ask_to_cancel(job=older, now=version.published_at)
    job = jobs.start(
        kind=JOB,
        title=_("Publish %(journey)s, version %(number)s") % {"journey": journey, "number": version.number},
        user_id=by.pk if by else None,
        params={"journey": journey.pk, "version": version.pk, "back_to": journey.current_version_id},
        total=Customer.objects.present().count(),
    )
    _hand_over(job)
    job.save(update_fields=["cursor"])
    return job


def publish_chunk(job: Job, now: datetime) -> bool:
    """The chunk of the job: more customers to the queue when there is room. Done are those who left it again."""
    has_more = job.cursor.get("has_more", True)
    waiting = _waiting()
    if has_more and waiting < _MOST_WAITING:
        _hand_over(job)
        waiting = _waiting()
    job.done = max(job.done, job.cursor["handed"] - waiting)
    if job.cursor["has_more"] or waiting:
        job.due_at = now + _LOOK_AGAIN
        return False
    job.done = job.cursor["handed"]
    job.total = job.done
    job.result = {"customers": job.done}
    return True


def _waiting() -> int:
    """How many changes of publications wait, those that failed aside; they are tried again by themselves."""
    rows = Change.objects.filter(priority=1, origin=Origin.PUBLISH, attempts=0)
    return rows.values("pk")[: 10 * _MOST_WAITING].count()


def _hand_over(job: Job) -> None:
    after = job.cursor.get("after", 0)
    if job.params.get("is_return"):
        ids = _return_ids(job, after)
    else:
        rows = Customer.objects.present().filter(pk__gt=after).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:_CHUNK])
    if job.params.get("is_return") and job.params["version"] is None:
        _forget(job.params["journey"], ids, now=timezone.now())
    else:
        changes.record_changes(customer_ids=ids, origin=Origin.PUBLISH)
    job.cursor = {
        "after": ids[-1] if ids else after,
        "handed": job.cursor.get("handed", 0) + len(ids),
        "has_more": len(ids) == _CHUNK,
    }


# --- Back to what was


def go_back(job: Job) -> None:
    """Somebody cancelled: the version before is current again, and whoever was folded with this one is folded back."""
    journey = Journey.objects.select_for_update(of=("self",)).get(pk=job.params["journey"])
    if job.params.get("is_return") or journey.current_version_id != job.params["version"]:
        return
    back_to = MapVersion.objects.filter(pk=job.params["back_to"]).first()
    journey.current_version = back_to
    journey.save(update_fields=["current_version"])
    number, version_id = (back_to.number, back_to.pk) if back_to else (0, None)
    jobs.start(
        kind=JOB,
        title=_("Back to version %(number)s of %(journey)s") % {"number": number, "journey": journey}
        if back_to
        else _("Take back the first version of %(journey)s") % {"journey": journey},
        user_id=job.user_id,
        params={"journey": journey.pk, "version": version_id, "back_to": None, "is_return": True},
        total=_not_of(journey.pk, version_id).count(),
    )


def _not_of(journey_id: int, version_id: int | None) -> Any:
    rows = Progress.objects.filter(journey=journey_id)
    return rows.exclude(version=version_id) if version_id else rows


def _return_ids(job: Job, after: int) -> list[int]:
    rows = _not_of(job.params["journey"], job.params["version"]).filter(customer_id__gt=after).order_by("customer_id")
    return list(rows.values_list("customer_id", flat=True)[:_CHUNK])


def _forget(journey_id: int, customer_ids: list[int], *, now: datetime) -> None:
    """The first version is taken back, so nobody has been on the journey; entries stay, withdrawn."""
    for model in (Progress, StepVisit, StageMove):
        model._default_manager.filter(journey=journey_id, customer_id__in=customer_ids).delete()  # noqa: SLF001
    StageEntry.objects.standing().filter(journey=journey_id, customer_id__in=customer_ids).update(withdrawn_at=now)
