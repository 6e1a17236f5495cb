"""What names an erased person without a foreign key to them, in this app and the ones below."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone

from apps.core import locks
from apps.core.enums import FileRole, JobState
from apps.core.models import Change, Job, JobFile
from apps.core.naming import rows_naming
from apps.core.registry import Person
from apps.customers.models import Consent, Customer
from apps.staff.models import Notice

_UNFINISHED = [JobState.QUEUED, JobState.RUNNING]


def forget_changes(person: Person) -> int:
    return Change.objects.for_customers(person.customer_ids).delete()[0]


def forget_consents_of_addresses(person: Person) -> int:
    """The keyed hash keeps the opt-out: nothing is sent there without a fresh yes."""
    return Consent.objects.filter(customer=None, address__in=person.addresses).delete()[0]


def forget_files(person: Person) -> int:
    """Whatever jobs kept may name the person, so all of it goes. A job that is just writing a file ends and can be
    started again; a file that is being read goes when its job ends."""
    running = list(Job.objects.unfinished().order_by("pk").values_list("pk", flat=True))
    locks.wait_for([locks.JOB + pk for pk in running])  # until their chunks are done
    writing = JobFile.objects.filter(job__state__in=_UNFINISHED).exclude(role=FileRole.INPUT)
    Job.objects.unfinished().filter(pk__in=writing.values("job")).update(cancel_asked_at=timezone.now())
    kept = JobFile.objects.exclude(role=FileRole.INPUT, job__state__in=_UNFINISHED)
    return kept.delete()[1].get("core.JobFile", 0)


def forget_jobs(person: Person) -> int:
    named = rows_naming(person, Job.objects.all(), "title", "params", "cursor", "result", "error")
    return Job.objects.filter(pk__in=list(named.values_list("pk", flat=True))).delete()[1].get("core.Job", 0)


def forget_notices(person: Person) -> int:
    named = rows_naming(person, Notice.objects.all(), "text", "url").values_list("pk", flat=True)
    links = Q()
    for pk in person.customer_ids:
        links |= Q(url__contains=f"/customers/{pk}/")
    return Notice.objects.filter(Q(pk__in=list(named)) | links).delete()[0]


def forget_admin_log(person: Person) -> int:
    named = rows_naming(person, LogEntry.objects.all(), "object_repr", "change_message").values_list("pk", flat=True)
    about = Q(
        content_type=ContentType.objects.get_for_model(Customer), object_id__in=[str(pk) for pk in person.customer_ids]
    )
    return LogEntry.objects.filter(Q(pk__in=list(named)) | about).delete()[0]


ALL = {
    "changes": forget_changes,
    "consents of addresses": forget_consents_of_addresses,
    "files of jobs": forget_files,
    "jobs": forget_jobs,
    "notices": forget_notices,
    "admin log": forget_admin_log,
}
