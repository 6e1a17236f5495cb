"""What becomes of everything that this app keeps on people when two are merged, one is erased, or one asks for it."""

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from apps.core import registry
from apps.core.registry import Log
from apps.customers.actions import duplicates, erasing, forgetting, keeping, merges, outdated, portability
from apps.customers.models import (
    CompanyMember,
    Consent,
    Customer,
    Duplicate,
    Identity,
    Membership,
    Merge,
    SearchTerm,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def register_people() -> None:
    _register_merges()
    for model, name in _ABOUT_PEOPLE:
        keeping.about_people(model, name, label=_LABELS.get((model, name)))
    _register_erasures()
    _register_personal()
    outdated.register()
    registry.pipeline(38, duplicates.follow)
    registry.job(portability.JOB, registry.JobKind(_("Everything kept on a person"), portability.chunk))


def _register_merges() -> None:
    registry.merge(Customer, "merged_into", merges.redirect_again)
    registry.merge(Identity, "customer", merges.move_identities, log=Log.ROWS)
    registry.merge(SearchTerm, "customer", merges.move_search_terms, log=Log.ROWS)
    registry.merge(Consent, "customer", merges.move_consents)
    registry.merge(CompanyMember, "customer", merges.move_company_members, log=Log.ROWS)
    registry.merge(Membership, "customer", merges.move_memberships, log=Log.ROWS)
    registry.merge(Merge, "kept", merges.leave, log=Log.NOTHING)
    registry.merge(Merge, "gone", merges.leave, log=Log.NOTHING)
    registry.merge(Duplicate, "first", merges.forget_duplicates, log=Log.ROWS)
    registry.merge(Duplicate, "second", merges.forget_duplicates, log=Log.ROWS)


# What the rows are about, and the field that says so.
_ABOUT_PEOPLE: list[tuple[type[Model], str]] = [
    (Identity, "customer"),
    (SearchTerm, "customer"),
    (Consent, "customer"),
    (CompanyMember, "customer"),
    (Membership, "customer"),
    (Merge, "kept"),
    (Merge, "gone"),
    (Duplicate, "first"),
    (Duplicate, "second"),
]

_LABELS: "dict[tuple[type[Model], str], StrOrPromise]" = {
    (SearchTerm, "customer"): _("search words"),
    (CompanyMember, "customer"): _("companies"),
    (Membership, "customer"): _("segments"),
    (Merge, "kept"): _("merges into this customer"),
    (Merge, "gone"): _("merges of this customer"),
    (Duplicate, "first"): _("possible duplicates"),
    (Duplicate, "second"): _("possible duplicates, as the second"),
}


def _register_erasures() -> None:
    registry.erase(Customer, "merged_into", erasing.cut_merges)
    for title, handler in forgetting.ALL.items():
        registry.forget(title, handler)


def _register_personal() -> None:
    portability.register(Customer, "merged_into", label=_("customers merged into this one"))
    for events, name, label in (
        ("CustomerEvent", "pgh_obj", _("changes of the customer")),
        ("IdentityEvent", "customer", _("changes of identities")),
    ):
        model = apps.get_model("customers", events)
        portability.register(model, name, without=["pgh_obj", "pgh_context"], label=label)
