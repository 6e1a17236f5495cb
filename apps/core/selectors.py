from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from apps.core import registry
from apps.core.enums import FileRole
from apps.core.models import Change, Job, JobFile


def change_queue_gauge(now: datetime) -> registry.Gauge:
    found = Change.objects.due(now).aggregate(length=Count("id"), oldest=Min("created_at"))
    return gauge_of(length=found["length"], oldest=found["oldest"], now=now)


def gauge_of(*, length: int, oldest: datetime | None, now: datetime) -> registry.Gauge:
    age = (now - oldest).total_seconds() if oldest else 0.0
    return registry.Gauge(length=length, oldest_seconds=max(0.0, round(age, 3)))


def queue_gauges(*, now: datetime) -> dict[str, registry.Gauge]:
    return {name: measure(now) for name, measure in registry.gauges.items()}


def failing_changes(now: datetime) -> QuerySet[Change]:
    return Change.objects.filter(attempts__gt=0)


def jobs_not_moving(now: datetime) -> QuerySet[Job]:
    return Job.objects.due(now - timedelta(minutes=10))


def old_job_files(now: datetime) -> QuerySet[JobFile]:
    """What jobs wrote, for people to fetch; what they read goes when they end."""
    return JobFile.objects.filter(role__in=[FileRole.RESULT, FileRole.ERRORS], created_at__lt=now - timedelta(days=7))


def old_jobs(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(finished_at__lt=now - timedelta(days=90))
