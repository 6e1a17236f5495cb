"""What the pipeline does first with interactions: follow merges, keep the time of the last activity."""

from django.db import connection

from apps.core import actions as changes
from apps.core import locks
from apps.core.enums import Origin
from apps.core.registry import Batch
from apps.customers import selectors as customers
from apps.customers.actions import merges, moved
from apps.customers.models import LaterByIdentity
from apps.touchpoints.models import Interaction


def move_interactions(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("touchpoints_interaction", gone_ids=gone_ids, kept_ids=kept_ids)


def follow_merges(batch: Batch) -> None:
    """Interactions that were stitched to a customer while a merge took it away move on to the one that stays.
    Changes of customers that were erased are dropped."""
    leads_to = _held(batch)
    gone = [pk for pk, kept in leads_to.items() if kept != pk]
    if gone:
        _note_followers(gone)
        move_interactions(gone_ids=gone, kept_ids=[leads_to[pk] for pk in gone])
    for change in batch.changes:
        if change.customer_id in gone:
            changes.record_changes(
                customer_ids=[leads_to[change.customer_id]],
                origin=Origin(change.origin),
                interaction_id=change.interaction_id,
            )
    batch.changes = [change for change in batch.changes if leads_to.get(change.customer_id) == change.customer_id]


def _held(batch: Batch) -> dict[int, int]:
    """Where each customer of the batch leads to, in our hands too, so that no undo parts them meanwhile. Changes of
    customers for whom that cannot be had now are put back."""
    leads_to = customers.final_ids(customer_ids=batch.customer_ids)
    targets = {kept for pk, kept in leads_to.items() if kept != pk}
    if not targets:
        return leads_to
    locked = locks.try_customers(list(targets))
    again = customers.final_ids(customer_ids=batch.customer_ids)
    busy = {pk for pk, kept in leads_to.items() if kept != pk and (kept not in locked or again.get(pk) != kept)}
    changes.put_back([change for change in batch.changes if change.customer_id in busy], now=batch.now)
    batch.changes = [change for change in batch.changes if change.customer_id not in busy]
    return {pk: kept for pk, kept in again.items() if pk not in busy}


def _note_followers(gone: list[int]) -> None:
    """They belong to the log of each merge that they follow: an undo of any of them takes them back one step."""
    followers: dict[int, list[int]] = {}
    for pk, customer_id in Interaction.objects.filter(customer__in=gone).values_list("pk", "customer_id"):
        followers.setdefault(customer_id, []).append(pk)
    for customer_id, ids in followers.items():
        for merge in moved.merges_that_moved(customer_id):
            moved.note(merge=merge, table="touchpoints_interaction", ids=ids)


def return_later(*, identity_ids: list[int], kept_id: int, gone_id: int) -> None:
    """After the undo of a merge: what came since by an identity that went back goes back too; both are as active as
    their interactions say."""
    later = LaterByIdentity.objects.filter(identity__in=identity_ids).values("interaction_id")
    Interaction.objects.filter(customer=kept_id, pk__in=later).update(customer=gone_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer c SET last_activity_at = greatest(c.last_activity_at, a.latest),"
            " first_seen_at = least(c.first_seen_at, a.earliest) FROM ("
            "  SELECT customer_id, max(occurred_at) AS latest, min(occurred_at) AS earliest"
            "  FROM touchpoints_interaction WHERE customer_id = ANY(%s) AND by = 'customer' GROUP BY customer_id) a"
            " WHERE c.id = a.customer_id",
            [[kept_id, gone_id]],
        )


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
