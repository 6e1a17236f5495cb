from datetime import datetime

from django.db.models import Count, Min

from apps.core import registry
from apps.core.models import Change


def change_queue_gauge(now: datetime) -> registry.Gauge:
    found = Change.objects.due(now).aggregate(length=Count("id"), oldest=Min("created_at"))
    return gauge_of(length=found["length"], oldest=found["oldest"], now=now)


def gauge_of(*, length: int, oldest: datetime | None, now: datetime) -> registry.Gauge:
    age = (now - oldest).total_seconds() if oldest else 0.0
    return registry.Gauge(length=length, oldest_seconds=max(0.0, round(age, 3)))


def queue_gauges(*, now: datetime) -> dict[str, registry.Gauge]:
    return {name: measure(now) for name, measure in registry.gauges.items()}
