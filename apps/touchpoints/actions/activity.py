"""What the pipeline does first with interactions: follow merges, keep the time of the last activity."""

from django.db import connection

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.core.registry import Batch
from apps.customers import selectors as customers
from apps.customers.actions import merges


def move_interactions(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("touchpoints_interaction", gone_ids=gone_ids, kept_ids=kept_ids)


def follow_merges(batch: Batch) -> None:
    """Interactions that were stitched to a customer while a merge took it away move on to the one that stays.
    Changes of customers that were erased are dropped."""
    leads_to = customers.final_ids(customer_ids=batch.customer_ids)
    gone = [pk for pk, kept in leads_to.items() if kept != pk]
    if gone:
        move_interactions(gone_ids=gone, kept_ids=[leads_to[pk] for pk in gone])
    for change in batch.changes:
        if change.customer_id in gone:
            changes.record_changes(
                customer_ids=[leads_to[change.customer_id]],
                origin=Origin(change.origin),
                interaction_id=change.interaction_id,
            )
    batch.changes = [change for change in batch.changes if leads_to.get(change.customer_id) == change.customer_id]


def record_activity(batch: Batch) -> None:
    ids = [change.interaction_id for change in batch.changes if change.interaction_id is not None]
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer c SET last_activity_at = greatest(c.last_activity_at, a.latest),"
            " first_seen_at = least(c.first_seen_at, a.earliest) FROM ("
            "  SELECT customer_id, max(occurred_at) AS latest, min(occurred_at) AS earliest"
            "  FROM touchpoints_interaction WHERE id = ANY(%s) AND by = 'customer' GROUP BY customer_id) a"
            " WHERE c.id = a.customer_id AND (c.last_activity_at < a.latest OR c.first_seen_at > a.earliest)",
            [ids],
        )
