"""Taking a merge back. What moved returns, what came later by a moved identity goes along, consent never loosens."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import actions as changes
from apps.core import registry, retrying
from apps.core.enums import Origin
from apps.customers import combining
from apps.customers.actions import merges, moved
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer, Identity, Merge, MovedRows, Persona
from apps.staff.models import User

type Refusal = tuple[str, int | None]  # channel, topic


class NotUndoable(ValueError):
    """The merge stays; the text says why."""


def why_not(merge: Merge, *, now: datetime) -> str:
    """Empty when the merge can be undone. Wants kept and gone on the merge."""
    if merge.undone_at is not None:
        return _("This merge has been undone already.")
    if now - merge.at > merges.UNDO_WITHIN:
        return _("A merge can be undone for 30 days; this one is older.")
    if merge.kept.merged_into_id is not None:
        return _("The customer who stayed has been merged into another one since. Undo that merge first.")
    if merge.gone.merged_into_id != merge.kept_id:
        return _("The two are not one customer any more.")
    return ""


def undo(*, merge: Merge, by: User | None, now: datetime) -> None:
    """Raises NotUndoable. Both customers are folded anew, and no campaign fires."""
    retrying.thrice(lambda: _undo(merge.pk, by, now))


@transaction.atomic
def _undo(pk: int, by: User | None, now: datetime) -> None:
    found = Merge.objects.filter(pk=pk, through_id=None).first()
    if found is None:
        raise NotUndoable(_("This merge is no longer here."))
    merges.hold(customer_ids=[found.kept_id, found.gone_id])
    merge = Merge.objects.select_for_update(of=("self",), no_key=True).select_related("kept", "gone").get(pk=pk)
    if problem := why_not(merge, now=now):
        raise NotUndoable(problem)
    refusals = _refusals(merge.kept_id)
    moved.give_back_rows(merge=merge, gone_id=merge.gone_id)
    moved.make_again(merge=merge)
    _part(merge)
    _give_back_later(merge)
    _refuse_again([merge.kept_id, merge.gone_id], refusals, now=now)
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    changes.record_changes(customer_ids=[merge.kept_id, merge.gone_id], origin=Origin.MERGE)


def _give_back_later(merge: Merge) -> None:
    """What arrived since by an identity that the merge had moved: ids seen with it, visitors recognised by it, and
    interactions."""
    logs = MovedRows.objects.filter(merge=merge, table="customers_identity").values_list("ids", flat=True)
    roots = [pk for ids in logs for pk in ids]
    came = Identity.objects.filter(Q(pk__in=roots) | Q(through_id__in=roots))
    came.filter(customer=merge.kept_id, through_id__in=roots).update(customer=merge.gone_id)
    identity_ids = list(came.filter(customer=merge.gone_id).values_list("pk", flat=True))
    for visitor in Merge.objects.filter(through_id__in=roots, kept=merge.kept_id, at__gte=merge.at).order_by("pk"):
        _hand_over(visitor, merge)
    for handler in registry.undo_handlers:
        handler(identity_ids=identity_ids, kept_id=merge.kept_id, gone_id=merge.gone_id)


def _hand_over(visitor: Merge, merge: Merge) -> None:
    moved.give_back_rows(merge=visitor, gone_id=merge.gone_id)
    Customer.objects.filter(pk=visitor.gone_id, merged_into=merge.kept_id).update(merged_into=merge.gone_id)
    visitor.kept_id = merge.gone_id
    visitor.save(update_fields=["kept"])


def _part(merge: Merge) -> None:
    """The own fields of both as before, except what changed since on the one that stayed."""
    before = {name: combining.from_json(own) for name, own in merge.before.items()}
    kept, gone = merge.kept, merge.gone
    combining.put(kept, combining.part(before=before["kept"], after=before["after"], now=combining.own_fields(kept)))
    combining.put(gone, before["gone"])
    gone.merged_into = None
    for customer in (kept, gone):
        _without_what_is_gone(customer)
    Customer.objects.bulk_update([kept, gone], [*combining.SAVED, "merged_into"])


def _without_what_is_gone(customer: Customer) -> None:
    if customer.persona_id and not Persona.objects.filter(pk=customer.persona_id).exists():
        customer.persona_id = None
    if customer.owner_id and not User.objects.filter(pk=customer.owner_id).exists():
        customer.owner_id = None


def _refusals(customer_id: int) -> set[Refusal]:
    latest = merges.latest_answers(customer_id)
    return {(answer.channel, answer.topic_id) for answer in latest if answer.choice == Choice.OUT}


def _refuse_again(customer_ids: list[int], refusals: set[Refusal], *, now: datetime) -> None:
    """A "no" that held for both as one holds for each."""
    Consent.objects.bulk_create(
        Consent(
            customer_id=customer_id,
            channel=channel,
            topic_id=topic_id,
            choice=Choice.OUT,
            evidence="kept when a merge was undone",
            at=now,
        )
        for customer_id in customer_ids
        for channel, topic_id in sorted(refusals - _refusals(customer_id), key=str)
    )
