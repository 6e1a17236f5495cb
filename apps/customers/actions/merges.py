"""Merging: the rows of the customer that goes move to the one that stays, by the handlers that apps registered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import actions as changes
from apps.core import locks, registry, retrying
from apps.core.enums import Origin
from apps.customers import combining
from apps.customers.actions import moved
from apps.customers.enums import Choice, IdentityKind
from apps.customers.models import Consent, Customer, Duplicate, Identity, Merge, MovedRows
from apps.staff.models import User

UNDO_WITHIN = timedelta(days=30)
UNIQUE_KINDS = [kind.value for kind in IdentityKind if kind.is_unique]


class NotMergeable(ValueError):
    """These two cannot become one; the text says why."""


@dataclass(frozen=True)
class Brought:
    """A visitor who was recognised by a watched identity."""

    gone_id: int
    kept_id: int
    through_id: int


def survivor(first: Customer, second: Customer) -> Customer:
    """The identified one, else the smaller id."""
    return min(first, second, key=lambda customer: (not customer.is_identified, customer.pk))


def check(*, kept: Customer, gone: Customer) -> None:
    """Raises NotMergeable."""
    if kept.pk == gone.pk:
        raise NotMergeable(_("This is the same customer. Choose another one."))
    if kept.merged_into_id or gone.merged_into_id:
        raise NotMergeable(_("One of the two has been merged already. Open the customer again and look."))
    if not (kept.is_identified and gone.is_identified) and survivor(kept, gone) != kept:
        raise NotMergeable(_("The one who is known stays. Choose the other one to stay."))


def merge(*, kept: Customer, gone: Customer, reason: str, by: User | None, now: datetime) -> Merge:
    """Staff make one customer of two; can be undone for 30 days. Raises NotMergeable."""
    return retrying.thrice(lambda: _merge(kept.pk, gone.pk, reason, by, now))


@transaction.atomic
def _merge(kept_id: int, gone_id: int, reason: str, by: User | None, now: datetime) -> Merge:
    hold(customer_ids=[kept_id, gone_id])
    found = Customer.objects.in_bulk([kept_id, gone_id])
    if len(found) < len({kept_id, gone_id}):
        raise NotMergeable(_("One of the two is no longer here."))
    check(kept=found[kept_id], gone=found[gone_id])
    done = _absorb_logged(found[kept_id], found[gone_id], at=now, reason=reason, by=by)
    ids = list(MovedRows.objects.filter(merge=done, table="customers_identity").values_list("ids", flat=True))
    Identity.objects.filter(pk__in=[pk for some in ids for pk in some], kind__in=UNIQUE_KINDS).update(
        watched_until=now + UNDO_WITHIN
    )
    return done


def hold(*, customer_ids: list[int]) -> None:
    """Nobody stitches to, folds or merges these customers until the end of the transaction. In the order of
    stitching: identities first."""
    keys = _unique_keys(customer_ids)
    while not _held_are_all(keys, customer_ids):
        keys = _unique_keys(customer_ids)
    locks.wait_for_customers(customer_ids)


def _held_are_all(keys: set[tuple[str, str]], customer_ids: list[int]) -> bool:
    """False when another identity came while we waited: then nothing is held, so that all are taken in order again."""
    attempt = transaction.savepoint_create()
    locks.wait_for([locks.key_of(locks.IDENTITY, f"{kind}:{value}") for kind, value in keys])
    if _unique_keys(customer_ids) <= keys:
        transaction.savepoint_commit(attempt)
        return True
    transaction.savepoint_rollback(attempt)  # gives the locks back
    return False


def _unique_keys(customer_ids: list[int]) -> set[tuple[str, str]]:
    unique = Identity.objects.filter(customer__in=customer_ids, kind__in=UNIQUE_KINDS)
    return set(unique.values_list("kind", "value"))


def absorb_brought(brought: list[Brought], *, at: datetime) -> None:
    """Logged, because the undo of the merge that moved the identity takes the visitor along."""
    for one in brought:
        locks.wait_for_customers([one.gone_id, one.kept_id])
        found = Customer.objects.in_bulk([one.gone_id, one.kept_id])
        _absorb_logged(found[one.kept_id], found[one.gone_id], at=at, through_id=one.through_id)


def _absorb_logged(
    kept: Customer,
    gone: Customer,
    *,
    at: datetime,
    reason: str = "",
    by: User | None = None,
    through_id: int | None = None,
) -> Merge:
    before = {"kept": combining.own_fields(kept), "gone": combining.own_fields(gone)}
    after = combining.combine(before["kept"], before["gone"])
    snapshots = _look_alone(gone.pk)
    absorb(gone_ids=[gone.pk], kept_ids=[kept.pk])
    done = Merge.objects.create(
        kept=kept,
        gone=gone,
        reason=reason,
        through_id=through_id,
        before=combining.as_json({**before, "after": after}),
        by=by,
        at=at,
    )
    moved.write(merge=done, snapshots=snapshots)
    return done


def _look_alone(gone_id: int) -> list[moved.Snapshot]:
    """What is there to move, with nothing coming in between the look and the move: ingestion takes no lock, but a new
    row's foreign key shares the row of its customer, so it waits until we are done and follows then."""
    Customer.objects.select_for_update().only("pk").get(pk=gone_id)
    return moved.look(gone_id=gone_id)


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
    Customer.objects.bulk_update(kept.values(), combining.SAVED)
    changes.record_changes(customer_ids=set(kept_ids), origin=Origin.MERGE)


def _combine(gone: Customer, kept: Customer) -> None:
    gone.merged_into = kept
    combining.put(kept, combining.combine(combining.own_fields(kept), combining.own_fields(gone)))


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
    move_unique("customers_identity", ["kind", "space", "value"], gone_ids=gone_ids, kept_ids=kept_ids)


def move_search_terms(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    move_unique("customers_searchterm", ["term"], gone_ids=gone_ids, kept_ids=kept_ids)


def move_company_members(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    move_unique("customers_companymember", ["company_id"], gone_ids=gone_ids, kept_ids=kept_ids)


def move_memberships(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Who is in a segment stays in it; what a rule says of the two as one, the pipeline looks at next."""
    move_unique(
        "customers_membership",
        ["segment_id"],
        gone_ids=gone_ids,
        kept_ids=kept_ids,
        only="t.left_at IS NULL AND k.left_at IS NULL",
    )


def leave(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Rows that tell of the customers as they were."""


def forget_duplicates(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    Duplicate.objects.filter(Q(first__in=gone_ids) | Q(second__in=gone_ids)).delete()


def move_unique(
    table: str, columns: list[str], *, gone_ids: list[int], kept_ids: list[int], only: str = "true"
) -> None:
    """Moves rows that must stay unique a customer; what the one that stays has already is dropped. `only` narrows
    which rows are the same; like the other names it is our own, never input."""
    same = " AND ".join([only, *(f"k.{column} = t.{column}" for column in columns)])
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
            for answer in latest_answers(customer_id)
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


def latest_answers(customer_id: int) -> list[Consent]:
    return list(
        Consent.objects.filter(customer_id=customer_id)
        .order_by("channel", "topic_id", "-at", "-id")
        .distinct("channel", "topic_id")
    )
