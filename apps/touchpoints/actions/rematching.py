"""Matches stored interactions anew when a touchpoint's rules have changed or it is gone: a job, by ranges of ids. What
staff entered by hand stays, and so does the channel, which is content."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from apps.core import actions as changes
from apps.core import locks
from apps.core.enums import Origin
from apps.core.models import Job
from apps.touchpoints import selectors
from apps.touchpoints.actions import days
from apps.touchpoints.matching import Catalogue, Traffic
from apps.touchpoints.models import Interaction, Touchpoint

CHUNK = 5000
_LATE = timedelta(hours=1)  # ids become visible out of order, by less than this
_LOCK = locks.key_of(locks.JOB, "match touchpoints")
_MOVE = """
    UPDATE touchpoints_interaction i SET touchpoint_id = m.new
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS m (id, old, new)
    WHERE i.id = m.id AND i.touchpoint_id IS NOT DISTINCT FROM m.old
    RETURNING i.id, i.customer_id, i.occurred_at, m.old, m.new
"""


@dataclass(frozen=True, slots=True)
class Move:
    """An interaction and the touchpoints it leaves and comes to."""

    id: int
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    id: int
    customer_id: int
    at: datetime
    old: int | None
    new: int | None


def chunk(job: Job, now: datetime) -> bool:
    """The next range of ids. The result says how many interactions changed their touchpoint."""
    if not job.cursor:
        first, last = _bounds(datetime.fromisoformat(job.params["since"]))
        job.cursor = {"first": first, "next": first, "last": last}
        job.total = last - first + 1
        job.result = {"changed": 0}
    first, start, last = (job.cursor[name] for name in ("first", "next", "last"))
    end = min(start + CHUNK, last + 1)
    locks.wait_for([_LOCK])  # two such jobs in turn, each on what the other left
    job.result = {"changed": job.result["changed"] + _match(job, start, end)}
    job.cursor = {**job.cursor, "next": end}
    job.done = end - first
    return bool(end > last)


def _bounds(since: datetime) -> tuple[int, int]:
    """The ids between which lies what happened since then: nothing happens after it was received, and ids rise with
    the time of receipt, so halving finds the first."""
    rows = Interaction.objects.order_by("pk")
    last = rows.values_list("pk", flat=True).last()
    if last is None:
        return 1, 0
    low, high = rows.values_list("pk", flat=True)[0], last
    while low < high:
        middle = (low + high) // 2
        pk, received_at = rows.filter(pk__gte=middle).values_list("pk", "received_at")[0]
        low, high = (low, middle) if received_at >= since - _LATE else (pk + 1, high)
    return min(low, last), last


def _match(job: Job, start: int, end: int) -> int:
    moves = list(_moves(job, start, end))
    if not moves:
        return 0
    # First the changes that wait, then the rows: a pass that has claimed some of them commits before we go on.
    waiting = _waiting([move.id for move in moves])
    moved = _move(moves)
    days.correct(_corrections(one for one in moved if one.id not in waiting))
    _refold(moved)
    return len(moved)


def _moves(job: Job, start: int, end: int) -> Iterator[Move]:
    about: int = job.params["touchpoint"]
    catalogue, known = selectors.read_catalogue(), set(Touchpoint.objects.values_list("pk", flat=True))
    rows = Interaction.objects.filter(pk__gte=start, pk__lt=end, occurred_at__gte=job.params["since"])
    if about in known:
        rows = rows.exclude(origin=Origin.STAFF)
    for pk, old, *values in rows.order_by("pk").values_list("pk", "touchpoint_id", *selectors.TRAFFIC):
        new = _decide(old, about, catalogue, selectors.traffic(values), known)
        if new != old:
            yield Move(pk, old, new)


def _decide(old: int | None, about: int, catalogue: Catalogue, traffic: Traffic, known: set[int]) -> int | None:
    """The touchpoint it should have, where that concerns the one that the job is about."""
    fitting = [entry.touchpoint_id for entry in catalogue.fitting(traffic)]
    best = fitting[0] if fitting else None
    if old == about:
        return best
    by_rule = old is None or old in fitting or old not in known  # else it was said by whoever sent it
    return best if best == about and by_rule else old


def _waiting(ids: list[int]) -> set[int]:
    """Those whose change is still in the queue: they are counted when it is handled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT interaction_id FROM core_change WHERE interaction_id = ANY(%s) ORDER BY id FOR UPDATE", [ids]
        )
        return {row[0] for row in cursor.fetchall()}


def _move(moves: list[Move]) -> list[Moved]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [[m.id for m in moves], [m.old for m in moves], [m.new for m in moves]])
        return [Moved(*row) for row in cursor.fetchall()]


def _corrections(moved: Iterable[Moved]) -> Counter[tuple[date, int]]:
    counts: Counter[tuple[date, int]] = Counter()
    for one in moved:
        day = one.at.astimezone(UTC).date()
        if one.old is not None:
            counts[day, one.old] -= 1
        if one.new is not None:
            counts[day, one.new] += 1
    return counts


def _refold(moved: list[Moved]) -> None:
    """Who asks by touchpoint sees another history now; nothing fires by it."""
    ids = {pk for one in moved for pk in (one.old, one.new) if pk is not None}
    names = Touchpoint.objects.filter(pk__in=ids).order_by("pk").values_list("name", flat=True)
    if any(selectors.used_by(name) for name in names):
        changes.record_changes(customer_ids=sorted({one.customer_id for one in moved}), origin=Origin.REBUILD)
