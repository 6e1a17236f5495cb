"""How much may be handed to a provider now: its rate, and its circuit breaker. After some failures in a row that are
the provider's own nothing is handed to it for a while; then one message tries again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.campaigns.channels import Outcome, Result, choosing
from apps.campaigns.enums import Way
from apps.campaigns.models import Endpoint, Provider

FAILURES = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Allowance:
    """How many of a way may be claimed now. `is_by_rate`: more may be in the next second."""

    count: int
    is_by_rate: bool = False


def allowance(*, way: Way, wanted: int, now: datetime) -> Allowance:
    name = choosing.provider_name(way)
    row = Provider.objects.filter(pk=name).first()
    if row is not None and row.open_until is not None and row.open_until > now:
        return Allowance(0)
    if row is not None and row.failures >= FAILURES:
        return Allowance(1)  # one tries whether it is well again
    rate = settings.SEND_RATES.get(way.value, 0)
    return _take(name, wanted, rate, now) if rate else Allowance(wanted)


@transaction.atomic
def _take(name: str, wanted: int, rate: int, now: datetime) -> Allowance:
    """Of a window of one second, over all workers: whoever comes first in a new second begins it."""
    Provider.objects.get_or_create(pk=name)
    row = Provider.objects.select_for_update(no_key=True).get(pk=name)
    if row.window_at is None or row.window_at <= now - _SECOND:
        row.window_at, row.used = now, 0
    count = max(0, min(wanted, rate - row.used))
    row.used += count
    row.save(update_fields=["window_at", "used"])
    return Allowance(count, is_by_rate=count < wanted)


def closed_endpoints(*, way: Way, now: datetime) -> list[str]:
    """Names of endpoints that nothing is handed to now; each has a breaker of its own."""
    if way is not Way.WEBHOOK:
        return []
    rows = Provider.objects.filter(open_until__gt=now, name__startswith="endpoint:").values_list("name", flat=True)
    ids = [int(name.partition(":")[2]) for name in rows]
    return list(Endpoint.objects.filter(pk__in=ids).values_list("name", flat=True)) if ids else []


def went_well(*, name: str) -> None:
    """Only writes where something had gone wrong."""
    if name in _failing:
        _failing.discard(name)
        Provider.objects.filter(pk=name).update(failures=0, open_until=None, detail="")


def went_badly(*, name: str, result: Result, now: datetime) -> bool:
    """Whether nothing more should be handed to this provider now."""
    if not (result.is_ours or result.outcome is Outcome.THROTTLED):
        return False
    _failing.add(name)
    Provider.objects.get_or_create(pk=name)
    Provider.objects.filter(pk=name).update(failures=F("failures") + 1, detail=result.detail[:300])
    failures = Provider.objects.values_list("failures", flat=True).get(pk=name)
    pause = _pause(failures, result)
    if pause is None:
        return False
    Provider.objects.filter(pk=name).update(open_until=now + pause)
    return True


def _pause(failures: int, result: Result) -> timedelta | None:
    if result.outcome is Outcome.THROTTLED:
        return min(result.retry_after or FIRST_PAUSE, LONGEST_PAUSE)
    if failures < FAILURES:
        return None
    return min(FIRST_PAUSE * float(2 ** min(failures - FAILURES, 10)), LONGEST_PAUSE)


_failing: set[str] = set()


def look_again() -> None:
    """This process knows of no trouble until it has asked: called when it starts to deliver."""
    _failing.update(Provider.objects.filter(failures__gt=0).values_list("pk", flat=True))
