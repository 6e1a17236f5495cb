"""The rollup of interactions by touchpoint and day. Each stored interaction is counted once, by the pass that claims
its change; docs/touchpoints.md says how matching anew and rebuilding keep that true."""

from collections import Counter
from datetime import date

from django.db import connection, transaction

from apps.core.actions import LANES
from apps.core.registry import Batch
from apps.touchpoints.models import TouchpointDay

CORRECTIONS = LANES  # a lane of its own, for counts that move from one touchpoint to another

# In sorted order, so that two passes that share a row never wait for each other in a circle.
_ADD = """
    INSERT INTO touchpoints_touchpointday AS d (day, touchpoint_id, lane, interactions)
    {found}
    ON CONFLICT (day, touchpoint_id, lane) DO UPDATE SET interactions = d.interactions + EXCLUDED.interactions
"""
_ADD_PASS = _ADD.format(
    found="SELECT (i.occurred_at AT TIME ZONE 'UTC')::date, i.touchpoint_id, i.customer_id %% %s, count(*)"
    " FROM touchpoints_interaction i JOIN touchpoints_touchpoint t ON t.id = i.touchpoint_id"
    " WHERE i.id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_ADD_CORRECTIONS = _ADD.format(
    found="SELECT m.day, m.touchpoint, %s, m.n"
    " FROM unnest(%s::date[], %s::bigint[], %s::bigint[]) AS m (day, touchpoint, n)"
    " JOIN touchpoints_touchpoint t ON t.id = m.touchpoint ORDER BY 1, 2"
)
# What still waits in the queue is counted by the pass that claims it.
_TRUTH = """
    SELECT (i.occurred_at AT TIME ZONE 'UTC')::date AS day, i.touchpoint_id, count(*) AS interactions
    FROM touchpoints_interaction i JOIN touchpoints_touchpoint t ON t.id = i.touchpoint_id
    WHERE NOT EXISTS (SELECT FROM core_change c WHERE c.interaction_id = i.id) GROUP BY 1, 2
"""
_COMPARE = f"""
    SELECT day, touchpoint_id, coalesce(kept.interactions, 0), coalesce(found.interactions, 0)
    FROM (SELECT day, touchpoint_id, sum(interactions) AS interactions
          FROM touchpoints_touchpointday GROUP BY 1, 2) kept
    FULL JOIN ({_TRUTH}) found USING (day, touchpoint_id)
    WHERE coalesce(kept.interactions, 0) <> coalesce(found.interactions, 0) ORDER BY 1, 2
"""  # noqa: S608 - one constant in another


def count_touchpoints(batch: Batch) -> None:
    """Pipeline handler."""
    ids = [change.interaction_id for change in batch.changes if change.interaction_id is not None]
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_PASS, [LANES, ids])


def correct(counts: Counter[tuple[date, int]]) -> None:
    """Adds to (day, touchpoint) what may be negative; called in the transaction that moved the interactions."""
    moved = sorted((day, pk, n) for (day, pk), n in counts.items() if n)
    if moved:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_CORRECTIONS, [CORRECTIONS, *(list(column) for column in zip(*moved, strict=True))])


@transaction.atomic
def rebuild() -> int:
    """Counts all again and returns how many rows that made. Reads the whole log; the pipeline waits meanwhile."""
    with connection.cursor() as cursor:
        # A pass that claimed changes before this lock adds them after it: its changes are still seen as waiting.
        cursor.execute("LOCK TABLE touchpoints_touchpointday IN EXCLUSIVE MODE")
        TouchpointDay.objects.all().delete()
        cursor.execute(
            "INSERT INTO touchpoints_touchpointday (day, touchpoint_id, lane, interactions)"  # noqa: S608 - constants
            f" SELECT day, touchpoint_id, {CORRECTIONS}, interactions FROM ({_TRUTH}) found"
        )
        return int(cursor.rowcount)


def differences() -> list[tuple[date, int, int, int]]:
    """day, touchpoint, what is kept, what the log says: where they differ, for a pipeline that is at rest."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE)
        return [(day, pk, int(kept), int(found)) for day, pk, kept, found in cursor.fetchall()]
