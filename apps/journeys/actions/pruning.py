"""Old interactions go by the company's setting. Of each customer the state at the cut is stored first, in the same
transaction, so that the fold goes on as if nothing had gone: docs/adr/0008-pruning.md."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core import locks
from apps.core.enums import Origin
from apps.core.models import Change, CompanySettings
from apps.journeys import baselines, history
from apps.journeys.actions import progress
from apps.journeys.maps import Seen
from apps.journeys.models import Baseline, Journey, Progress
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

_CUSTOMERS = 200
_WITH_OLD = """
    SELECT c.id, old.n FROM customers_customer c
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM touchpoints_interaction i WHERE i.customer_id = c.id AND i.occurred_at < %s LIMIT %s) few) old
    WHERE c.id > %s AND old.n > 0 ORDER BY c.id LIMIT %s
"""


def cut_of(now: datetime) -> datetime | None:
    """Midnight, so that a customer's state at the cut is made anew once a day at most. None: all is kept."""
    days = CompanySettings.current().keep_interactions_days
    if not days:
        return None
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def old_interactions(now: datetime) -> QuerySet[Interaction]:
    cut = cut_of(now)
    return Interaction.objects.filter(occurred_at__lt=cut) if cut else Interaction.objects.none()


def batches(now: datetime, limit: int) -> Iterator[int]:
    """Walks the customers once. Those in the hands of the pipeline, with changes that wait or not looked at up to the
    cut come the next time."""
    cut = cut_of(now)
    last = 0
    while cut is not None and (found := _customers_with_old(cut, after=last, limit=limit)):
        if len(found) == 1 and found[0][1] > limit:
            last = found[0][0] - 1 if (count := _prune_part(found[0][0], cut=cut, limit=limit)) else found[0][0]
            yield count
        else:
            last = found[-1][0]
            yield prune_customers(customer_ids=[pk for pk, _ in found], cut=cut)


def _customers_with_old(cut: datetime, *, after: int, limit: int) -> list[tuple[int, int]]:
    """The next who together have no more than `limit` old interactions; one who alone has more comes alone."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_OLD, [cut, limit + 1, after, _CUSTOMERS])
        rows: list[tuple[int, int]] = cursor.fetchall()
    chosen: list[tuple[int, int]] = []
    room = limit
    for pk, number in rows:
        if chosen and number > room:
            break
        chosen.append((pk, number))
        room -= number
    return chosen


def _prune_part(customer_id: int, *, cut: datetime, limit: int) -> int:
    """The oldest of somebody who has more than fit one batch; what happened at one moment stays together."""
    times = Interaction.objects.filter(customer_id=customer_id, occurred_at__lt=cut).order_by("occurred_at", "id")
    first, at = times.values_list("occurred_at", flat=True)[0], times.values_list("occurred_at", flat=True)[limit]
    return prune_customers(customer_ids=[customer_id], cut=at if at > first else at + timedelta(microseconds=1))


@transaction.atomic
def prune_customers(*, customer_ids: list[int], cut: datetime) -> int:
    """How many interactions went."""
    found = _histories(sorted(locks.try_customers(customer_ids)), cut)
    if not found:
        return 0
    made = [one for journey in Journey.objects.published().select_related("current_version")
            for one in _baselines(journey, found, cut)]  # fmt: skip
    Baseline.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["customer", "journey"],
        update_fields=["version", "cut_at", "state"],
    )
    # Not by the ORM: visits outlive the interactions that made them.
    with connection.cursor() as cursor:
        ids = [seen.id for rows in found.values() for seen in rows]
        cursor.execute("DELETE FROM touchpoints_interaction WHERE id = ANY(%s)", [ids])
        return int(cursor.rowcount)


def _histories(customer_ids: list[int], cut: datetime) -> dict[int, list[Seen]]:
    found: dict[int, list[Seen]] = defaultdict(list)
    old = Interaction.objects.filter(customer_id__in=customer_ids, occurred_at__lt=cut)
    for customer_id, seen in history.interactions(old):
        found[customer_id].append(seen)
    # Read after the interactions: one that was visible then has its change visible now, or was folded before.
    changed = Change.objects.for_customers(customer_ids)
    not_looked_at = Progress.objects.filter(customer_id__in=customer_ids, look_again_at__lt=cut)
    for rows in (changed, not_looked_at):
        for customer_id in rows.values_list("customer_id", flat=True):
            found.pop(customer_id, None)
    return found


def _baselines(journey: Journey, found: dict[int, list[Seen]], cut: datetime) -> Iterator[Baseline]:
    earlier = baselines.of(list(found))
    gone = _retracted(list(found))
    for customer_id, rows in found.items():
        before = earlier.get((customer_id, journey.pk))
        cut_at = max(cut, before.cut_at) if before else cut
        fold = progress.begin(journey, before)
        fold.take_all(seen for seen in baselines.counting(rows, before) if seen.id not in gone)
        fold.finish_before(cut_at, origin=Origin.REBUILD)
        yield Baseline(
            customer_id=customer_id,
            journey=journey,
            version=journey.current_version,
            cut_at=cut_at,
            state=fold.state.dump(),
        )


def _retracted(customer_ids: list[int]) -> set[int]:
    """Also by what comes after the cut."""
    rows = Interaction.objects.filter(customer_id__in=customer_ids, event=Event.RETRACTED)
    return {int(pk) for pk in rows.values_list("properties__interaction", flat=True) if pk}
