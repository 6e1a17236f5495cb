"""Merging: the rows of the customer that goes move to the one that stays, by the handlers that apps registered."""

from django.db import connection
from django.utils import timezone

from apps.core import actions as changes
from apps.core import locks, registry
from apps.core.enums import Origin
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer


def absorb(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Each customer of gone_ids becomes part of the one at the same place in kept_ids. Inside the caller's
    transaction; waits for the pipeline to let go of them."""
    if not gone_ids:
        return
    locks.wait_for_customers([*gone_ids, *kept_ids])
    for handler in registry.merge_handlers.values():
        handler(gone_ids=gone_ids, kept_ids=kept_ids)
    gone = Customer.objects.in_bulk(gone_ids)
    kept = Customer.objects.in_bulk(kept_ids)
    for gone_id, kept_id in zip(gone_ids, kept_ids, strict=True):
        _combine(gone[gone_id], kept[kept_id])
    Customer.objects.bulk_update(gone.values(), ["merged_into"])
    Customer.objects.bulk_update(
        kept.values(),
        ["traits", "name", "email", "phone", "country", "time_zone", "first_seen_at", "last_activity_at"],
    )
    changes.record_changes(customer_ids=set(kept_ids), origin=Origin.MERGE)


def _combine(gone: Customer, kept: Customer) -> None:
    gone.merged_into = kept
    kept.traits = {**gone.traits, **kept.traits}
    for name in ("name", "email", "phone", "country", "time_zone"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.first_seen_at = min(kept.first_seen_at, gone.first_seen_at)
    kept.last_activity_at = max(kept.last_activity_at, gone.last_activity_at)


def move_rows(table: str, *, gone_ids: list[int], kept_ids: list[int], column: str = "customer_id") -> None:
    """Table and column are names of our own, never input."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET {column} = m.kept"  # noqa: S608 - own names
            f" FROM unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept) WHERE t.{column} = m.gone",
            [gone_ids, kept_ids],
        )


def redirect_again(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Who was merged into the gone one before, now leads to the one that stays."""
    move_rows("customers_customer", gone_ids=gone_ids, kept_ids=kept_ids, column="merged_into_id")


def move_identities(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    _move_unique("customers_identity", ["kind", "space", "value"], gone_ids=gone_ids, kept_ids=kept_ids)


def move_search_terms(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    _move_unique("customers_searchterm", ["term"], gone_ids=gone_ids, kept_ids=kept_ids)


def _move_unique(table: str, columns: list[str], *, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Moves rows that must stay unique a customer; what the one that stays has already is dropped."""
    same = " AND ".join(f"k.{column} = t.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} t USING unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept), {table} k"  # noqa: S608
            f" WHERE t.customer_id = m.gone AND k.customer_id = m.kept AND {same}",
            [gone_ids, kept_ids],
        )
    move_rows(table, gone_ids=gone_ids, kept_ids=kept_ids)


def move_consents(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Strictest wins: a "no" of either is said again for the one that stays, so that an older "no" is not
    outweighed by the other's newer "yes"."""
    for gone_id, kept_id in zip(gone_ids, kept_ids, strict=True):
        refusals = {
            (answer.channel, answer.topic_id)
            for customer_id in (gone_id, kept_id)
            for answer in _latest_answers(customer_id)
            if answer.choice == Choice.OUT
        }
        Consent.objects.bulk_create(
            Consent(
                customer_id=kept_id,
                channel=channel,
                topic_id=topic_id,
                choice=Choice.OUT,
                evidence="kept by a merge",
                at=timezone.now(),
            )
            for channel, topic_id in sorted(refusals, key=str)
        )
    move_rows("customers_consent", gone_ids=gone_ids, kept_ids=kept_ids)


def _latest_answers(customer_id: int) -> list[Consent]:
    return list(
        Consent.objects.filter(customer_id=customer_id)
        .order_by("channel", "topic_id", "-at", "-id")
        .distinct("channel", "topic_id")
    )
