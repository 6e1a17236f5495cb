"""How many customers a step's rule finds, by the interactions themselves, whatever is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from apps.customers.models import Customer
from apps.customers.previews import TookTooLong, at_most
from apps.touchpoints import conditions
from apps.touchpoints.predicates import not_retracted

SHORT_DAYS, LONG_DAYS = 30, 90
SAMPLE = 10
MILLISECONDS = 2000  # for each of two queries; somebody is typing


@dataclass(frozen=True)
class Reach:
    """Customers who reached the step in the last days; None when counting took too long. `sample` are those of them who
    did so last, newest activity first."""

    short: int | None
    long: int | None
    sample: list[Customer] = field(default_factory=list)


def reach(
    match: Sequence[Mapping[str, Any]], *, now: datetime, with_names: bool, milliseconds: int = MILLISECONDS
) -> Reach:
    """The entries must have been checked. At most two queries. An interaction that fits steps later in the map as well
    counts here too, though a fold gives it to the last of them."""
    if not match:
        return Reach(0, 0)
    found = _reached(match, now)
    try:
        with at_most(milliseconds):
            counts = found.aggregate(
                long=Count("customer_id"),
                short=Count("customer_id", filter=Q(reached_at__gte=now - timedelta(days=SHORT_DAYS))),
            )
            sample = _sample(found) if with_names and counts["long"] else []
    except TookTooLong:
        return Reach(None, None)
    return Reach(counts["short"], counts["long"], sample)


def _sample(found: QuerySet[Any, Any]) -> list[Customer]:
    newest = found.order_by("-reached_at", "-customer_id").values("customer_id")[:SAMPLE]
    return list(Customer.objects.filter(pk__in=newest).order_by("-last_activity_at", "-pk"))


def _reached(match: Sequence[Mapping[str, Any]], now: datetime) -> QuerySet[Any, Any]:
    """A row for each customer who reached the step in the long window, with the last time. With nth the n-th fitting
    interaction of their life and each after it reaches the step, so the last one tells."""
    since = now - timedelta(days=LONG_DAYS)
    looked_at = Q()
    figures: dict[str, Any] = {}
    times: list[Any] = [Value(None, DateTimeField()), Value(None, DateTimeField())]  # GREATEST passes over NULL
    for number, entry in enumerate(match):
        fits = conditions.read(entry).condition()
        nth = entry.get("nth", 1)
        looked_at |= fits if nth > 1 else fits & Q(occurred_at__gte=since)
        figures[f"n_{number}"] = Count("pk", filter=fits)
        figures[f"last_{number}"] = Max("occurred_at", filter=fits)
        times.append(Case(When(**{f"n_{number}__gte": nth, "then": F(f"last_{number}")})))
    rows = not_retracted().filter(looked_at, occurred_at__lte=now).order_by().values("customer_id")
    return rows.annotate(**figures).annotate(reached_at=Greatest(*times)).filter(reached_at__gte=since)
