from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from apps.campaigns.models import Confirmation
from apps.customers.enums import Choice
from apps.customers.models import Consent, Topic

KEEP = timedelta(days=14)
_SHOWN = 50


@dataclass(frozen=True)
class Line:
    """`said_yes` and `said_no`: answers on record, of all channels."""

    topic: Topic
    said_yes: int
    said_no: int


def topics_with_counts() -> list[Line]:
    counts = {
        row["topic"]: (row["yes"], row["no"])
        for row in Consent.objects.exclude(topic=None)
        .values("topic")
        .order_by()
        .annotate(yes=Count("pk", filter=Q(choice=Choice.IN)), no=Count("pk", filter=Q(choice=Choice.OUT)))
    }
    return [Line(topic, *counts.get(topic.pk, (0, 0))) for topic in Topic.objects.order_by("name", "pk")]


def waiting(topic: Topic, now: datetime) -> list[Confirmation]:
    return list(Confirmation.objects.waiting(now).filter(topic=topic).order_by("-asked_at", "-pk")[:_SHOWN])


def old_confirmations(now: datetime) -> QuerySet[Confirmation]:
    """The consent has the proof."""
    return Confirmation.objects.filter(asked_at__lt=now - KEEP)
