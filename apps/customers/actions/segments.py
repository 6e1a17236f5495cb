"""Who is in which segment. The pipeline looks at each customer that changed, under its lock; a rule that was edited is
built for everybody in one statement; time is looked at by a sweep. Each membership has one writer at a time: a build
holds the lock of its segment, a pass shares it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q

from apps.core import actions as changes
from apps.core import locks, registry, rules, wake
from apps.core.comparison import RuleError
from apps.core.enums import Origin
from apps.core.registry import Batch
from apps.customers.enums import SegmentKind
from apps.customers.models import Customer, Membership, Segment, SegmentQuerySet
from apps.staff.models import User

SWEEP_EVERY = timedelta(minutes=5)
SIZE_EVERY = timedelta(minutes=1)
_SWEPT_AT_ONCE = 5000


class SegmentError(ValueError):
    """The segment cannot be changed like this; the text says why and what to do."""


@dataclass(frozen=True)
class Joined:
    """A fact for the handlers that follow: a customer came into a segment."""

    membership_id: int
    segment_id: int
    customer_id: int
    at: datetime
    origin: str


@dataclass(frozen=True)
class Left:
    segment_id: int
    customer_id: int
    at: datetime


@transaction.atomic
def save(*, segment: Segment, by: User | None, now: datetime) -> Segment:
    """Makes or changes a segment. A rule is built in the background; a list is kept by add and remove. Raises RuleError
    for a rule that is none, SegmentError for what other rules stand on."""
    _check(segment)
    if not segment.pk:
        segment.created_by, segment.created_at = by, now
        if segment.kind == SegmentKind.LIST:
            segment.rule, segment.built_rule = {}, {}
            segment.size, segment.sized_at = 0, now
    _refuse_other_name(segment)
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise SegmentError(f'There is a segment "{segment.name}" already. Choose another name.') from error
    wake.on_commit("segments")
    return segment


def _check(segment: Segment) -> None:
    if segment.kind == SegmentKind.LIST:
        return
    rules.check(segment.rule)
    if not segment.rule:
        raise RuleError("Say who belongs to the segment: add a condition.")
    for name in rules.names(segment.rule, "segment"):
        if segment.name == name or segment.name in _stands_on(name, set()):
            raise RuleError(f'The segment "{name}" asks for this one; a segment cannot ask for itself.')


def _stands_on(name: str, seen: set[str]) -> set[str]:
    """The names of all segments that the rule of this one asks for, through any number of others."""
    if name in seen:
        return seen
    found = Segment.objects.by_rule().filter(name=name).first()
    for inner in rules.names(found.rule, "segment") if found else ():
        seen |= {inner} | _stands_on(inner, seen | {name})
    return seen


def _refuse_other_name(segment: Segment) -> None:
    """Rules ask for a segment by its name."""
    before = Segment.objects.filter(pk=segment.pk).values_list("name", flat=True).first() if segment.pk else None
    if before is not None and before != segment.name:
        holders = used_by(name=before)
        if holders:
            raise SegmentError(f'"{before}" is asked for by {", ".join(holders)}, so its name must stay.')


def used_by(*, name: str) -> list[str]:
    """What has a rule that asks for this segment, in words."""
    return [
        holder
        for holders in registry.rule_holders
        for holder, rule in holders()
        if name in rules.names(rule, "segment")
    ]


@transaction.atomic
def delete(*, segment: Segment) -> None:
    holders = used_by(name=Segment.objects.get(pk=segment.pk).name)
    if holders:
        raise SegmentError(f"It is asked for by {', '.join(holders)}. Change that first.")
    _lock(segment.pk, is_shared=False)
    segment.delete()


@transaction.atomic
def add(*, segment: Segment, customer_ids: Iterable[int], now: datetime, origin: Origin = Origin.STAFF) -> int:
    """Puts customers on a list; returns how many were not on it."""
    _only_lists(segment)
    wanted = list(Customer.objects.present().filter(pk__in=list(customer_ids)).values_list("pk", flat=True))
    locks.wait_for_customers(wanted)
    here = set(_current(segment.pk).filter(customer_id__in=wanted).values_list("customer_id", flat=True))
    new = [pk for pk in wanted if pk not in here]
    Membership.objects.bulk_create(
        Membership(segment=segment, customer_id=pk, joined_at=now, origin=origin) for pk in new
    )
    changes.record_changes(customer_ids=new, origin=origin)
    wake.on_commit("segments")
    return len(new)


@transaction.atomic
def remove(*, segment: Segment, customer_ids: Iterable[int], now: datetime) -> int:
    """Takes customers off a list; returns how many were on it."""
    _only_lists(segment)
    wanted = sorted(set(customer_ids))
    locks.wait_for_customers(wanted)
    rows = _current(segment.pk).filter(customer_id__in=wanted)
    gone = list(rows.values_list("customer_id", flat=True))
    rows.update(left_at=now)
    changes.record_changes(customer_ids=gone, origin=Origin.STAFF)
    wake.on_commit("segments")
    return len(gone)


def _only_lists(segment: Segment) -> None:
    if segment.kind != SegmentKind.LIST:
        raise SegmentError("This segment follows a rule. Change the rule, or make a list.")


def _current(segment_id: int) -> Any:
    return Membership.objects.current().filter(segment_id=segment_id)


# --- In the pipeline


def follow(batch: Batch) -> None:
    """Pipeline handler: joins and leaves of the customers of this batch."""
    if not batch.changes:
        return
    for level in _levels(Segment.objects.by_rule().filter(built_rule__isnull=False)):
        for segment in level:
            _lock(segment.pk, is_shared=True)
        _follow(Segment.objects.filter(pk__in=[segment.pk for segment in level]), batch)


def _levels(segments: SegmentQuerySet) -> list[list[Segment]]:
    """In the order in which they can be looked at: who is asked for by another comes before it."""
    waiting = {segment.name: segment for segment in segments.order_by("pk")}
    levels: list[list[Segment]] = []
    while waiting:
        ready = [s for s in waiting.values() if not rules.names(s.rule, "segment") & waiting.keys() - {s.name}]
        ready = ready or list(waiting.values())  # a circle that was made by two people at once
        levels.append(ready)
        for segment in ready:
            del waiting[segment.name]
    return levels


def _follow(segments: SegmentQuerySet, batch: Batch) -> None:
    """One question for all segments of a level. Read after their locks: a build may just have changed the rule."""
    ids = batch.customer_ids
    live = [segment for segment in segments if segment.built_rule is not None]
    scope = rules.Scope(now=batch.now)
    asked = {f"in_{segment.pk}": _condition(segment.built_rule or {}, scope) for segment in live}
    rows = Customer.objects.present().filter(pk__in=ids).annotate(**asked).values("pk", *asked)
    fits = {row["pk"]: row for row in rows}
    here: dict[tuple[int, int], int] = {
        (segment_id, customer_id): pk
        for pk, segment_id, customer_id in Membership.objects.current()
        .filter(customer_id__in=ids, segment__in=[segment.pk for segment in live])
        .values_list("pk", "segment_id", "customer_id")
    }
    joining = [
        (segment.pk, pk)
        for segment in live
        for pk, row in fits.items()
        if row[f"in_{segment.pk}"] and (segment.pk, pk) not in here
    ]
    leaving = [key for key in here if not fits.get(key[1], {}).get(f"in_{key[0]}")]
    _write(joining, {key: here[key] for key in leaving}, batch)


def _condition(rule: dict[str, Any], scope: rules.Scope) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(rules.compiled(rule, scope) or Q(pk__isnull=False), output_field=BooleanField())


def _write(joining: list[tuple[int, int]], leaving: dict[tuple[int, int], int], batch: Batch) -> None:
    origins = _origins(batch)
    Membership.objects.filter(pk__in=list(leaving.values())).update(left_at=batch.now)
    made = Membership.objects.bulk_create(
        Membership(segment_id=segment_id, customer_id=pk, joined_at=batch.now, origin=origins[pk])
        for segment_id, pk in joining
    )
    batch.facts += [Joined(m.pk, m.segment_id, m.customer_id, m.joined_at, m.origin) for m in made]
    batch.facts += [Left(segment_id, pk, batch.now) for segment_id, pk in leaving]


def _origins(batch: Batch) -> dict[int, str]:
    """Why each customer is looked at; a live cause outweighs others, since it is the one that may act."""
    found: dict[int, str] = {}
    for change in sorted(batch.changes, key=lambda change: Origin(change.origin).fires):
        found[change.customer_id] = change.origin
    return found


def _lock(segment_id: int, *, is_shared: bool) -> None:
    name = "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s)", [locks.SEGMENT + segment_id])


# --- For everybody

_BUILD = """
    WITH fitting (id) AS MATERIALIZED ({fitting}),
    gone AS (
        UPDATE customers_membership m SET left_at = greatest(%s, m.joined_at)
        WHERE m.segment_id = %s AND m.left_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM fitting f WHERE f.id = m.customer_id)
        RETURNING 1),
    came AS (
        INSERT INTO customers_membership (segment_id, customer_id, joined_at, origin)
        SELECT %s, f.id, %s, 'rebuild' FROM fitting f
        WHERE NOT EXISTS (SELECT 1 FROM customers_membership m
                          WHERE m.segment_id = %s AND m.customer_id = f.id AND m.left_at IS NULL)
        RETURNING 1)
    SELECT (SELECT count(*) FROM fitting), (SELECT count(*) FROM came), (SELECT count(*) FROM gone)
"""


@dataclass(frozen=True)
class Built:
    size: int
    joined: int
    left: int


@transaction.atomic
def build(*, segment_id: int, now: datetime) -> Built:
    """The whole segment by one statement, as of its rule now. Passes wait for it meanwhile; nobody is told, since an
    edited rule is no news of the customers."""
    _lock(segment_id, is_shared=False)
    segment = Segment.objects.get(pk=segment_id)
    fitting, parameters = _fitting(segment.rule, now)
    with connection.cursor() as cursor:
        cursor.execute(_BUILD.format(fitting=fitting), [*parameters, now, segment_id, segment_id, now, segment_id])
        built = Built(*cursor.fetchone())
    Segment.objects.filter(pk=segment_id).update(built_rule=segment.rule, size=built.size, sized_at=now, swept_at=now)
    return built


def _fitting(rule: dict[str, Any], now: datetime) -> tuple[str, tuple[Any, ...]]:
    condition = rules.compiled(rule, rules.Scope(now=now, is_whole=True))
    return Customer.objects.present().filter(condition).values("pk").order_by().query.sql_with_params()


def keep(*, now: datetime) -> int:
    """Builds what was edited, sweeps what depends on time, counts; returns how many segments were looked at."""
    looked = 0
    for segment in [s for level in _levels(Segment.objects.by_rule()) for s in level]:
        if segment.built_rule != segment.rule:
            build(segment_id=segment.pk, now=now)
            looked += 1
        elif rules.depends_on_time(segment.rule) and _is_old(segment.swept_at, SWEEP_EVERY, now):
            sweep(segment=segment, now=now)
            looked += 1
    return looked + _count(now)


def sweep(*, segment: Segment, now: datetime) -> int:
    """Puts customers whose membership time has changed on the change queue, where the pipeline decides and campaigns
    hear of it; returns how many. What is left over comes with the next sweep, at once."""
    condition = rules.compiled(segment.rule, rules.Scope(now=now, is_whole=True))
    fitting = Customer.objects.present().filter(condition)
    here = _current(segment.pk).values("customer_id")
    come = fitting.exclude(pk__in=here).values_list("pk", flat=True)[:_SWEPT_AT_ONCE]
    go = _current(segment.pk).exclude(customer_id__in=fitting.values("pk"))
    ids = {*come, *go.values_list("customer_id", flat=True)[:_SWEPT_AT_ONCE]}
    changes.record_changes(customer_ids=sorted(ids), origin=Origin.LIVE)
    if len(ids) < _SWEPT_AT_ONCE:
        Segment.objects.filter(pk=segment.pk).update(swept_at=now)
    return len(ids)


def _count(now: datetime) -> int:
    """Sizes shown on pages: as of the last minute, counted on the index of current memberships."""
    due = [s for s in Segment.objects.filter(built_rule__isnull=False) if _is_old(s.sized_at, SIZE_EVERY, now)]
    for segment in due:
        size = _current(segment.pk).count()
        Segment.objects.filter(pk=segment.pk).update(size=size, sized_at=now)
    return 0


def _is_old(at: datetime | None, age: timedelta, now: datetime) -> bool:
    return at is None or now - at >= age


def of_customer(customer: Customer) -> list[Membership]:
    """Current ones first, then those that ended."""
    rows = Membership.objects.filter(customer=customer).select_related("segment")
    return list(rows.order_by(F("left_at").desc(nulls_first=True), "-joined_at", "-pk")[:100])
