"""Which customers the rows of a file speak of: several matches are refused, never guessed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.transfers import Problem
from apps.customers import erased
from apps.customers.enums import IdentityKind
from apps.customers.models import Customer, Identity

type Key = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """By identity: customer id and whether it is verified; and who of them has an external id, and an e-mail."""

    owners: dict[Key, dict[int, bool]] = field(default_factory=dict)
    with_external: dict[int, str] = field(default_factory=dict)
    with_email: frozenset[int] = frozenset()
    gone: frozenset[Key] = frozenset()

    def owner_of(self, kind: IdentityKind, value: str, *, among: set[int] | None = None) -> int | None:
        """The one customer, or the only one for whom it is verified. Raises Problem where there are several, and for
        somebody who was erased."""
        owners = self.owners.get((kind.value, value), {})
        found = {pk: verified for pk, verified in owners.items() if among is None or pk in among}
        verified = [pk for pk, is_verified in found.items() if is_verified]
        if len(found) > 1 and len(verified) != 1:
            words = _("the %(kind)s “%(value)s” matches %(count)d customers; say which one by an external id")
            raise Problem(words % {"kind": kind.label, "value": value, "count": len(found)})
        if not found:
            return None
        return verified[0] if len(verified) == 1 else next(iter(found))

    def is_known_as(self, pk: int, keys: Iterable[Key]) -> bool:
        return any(pk in self.owners.get(key, {}) for key in keys)

    def check_not_erased(self, kind: IdentityKind, value: str) -> None:
        if (kind.value, value) in self.gone:
            raise Problem(_("this person was erased"))


def known(keys: Iterable[Key]) -> Known:
    """A few questions, however many keys."""
    wanted = set(keys)
    rows = Identity.objects.filter(_any_of(wanted), customer__merged_into=None, space="default")
    owners: dict[Key, dict[int, bool]] = defaultdict(dict)
    for kind, value, pk, is_verified in rows.values_list("kind", "value", "customer_id", "is_verified"):
        owners[kind, value][pk] = is_verified
    people = {pk for found in owners.values() for pk in found}
    external = Identity.objects.filter(customer_id__in=people, kind=IdentityKind.EXTERNAL).order_by("-pk")
    return Known(
        owners=dict(owners),
        with_external=dict(external.values_list("customer_id", "value")),
        with_email=frozenset(Customer.objects.filter(pk__in=people).exclude(email="").values_list("pk", flat=True)),
        gone=frozenset(erased.among(key for key in wanted if key not in owners)),
    )


def _any_of(keys: set[Key]) -> Q:
    values: dict[str, list[str]] = defaultdict(list)
    for kind, value in keys:
        values[kind].append(value)
    found = Q(pk__in=[])
    for kind, some in values.items():
        found |= Q(kind=kind, value__in=some)
    return found


def by_number(numbers: Iterable[int | None]) -> dict[int, int]:
    """Milepost's own numbers, and whom they lead to after merges."""
    rows = Customer.objects.filter(pk__in=[number for number in numbers if number]).values_list("pk", "merged_into_id")
    return {pk: merged_into or pk for pk, merged_into in rows}
