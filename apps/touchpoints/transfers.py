"""Interactions in from a file. A row without a message id gets one from its content and its ordinal among equal rows,
so that a file imported twice adds nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.enums import Origin, RowState
from apps.core.importing import content_hash
from apps.core.transfers import (
    Cells,
    Column,
    Context,
    Importer,
    Option,
    Plan,
    Problem,
    Row,
    each,
    json_object,
)
from apps.customers import finding
from apps.customers.actions import importing
from apps.customers.actions.identities import Claim
from apps.customers.actions.importing import Person
from apps.customers.enums import IdentityKind
from apps.customers.finding import Key, Known
from apps.customers.imported_consents import past
from apps.customers.transfers import email, external_id, number, of_number
from apps.touchpoints import wire
from apps.touchpoints.actions import ingest
from apps.touchpoints.actions.sources import named
from apps.touchpoints.enums import By, Channel, Event
from apps.touchpoints.models import Interaction, Source, Touchpoint
from apps.touchpoints.wire import Item

_BY_MACHINES = {Event.IDENTIFY, Event.GROUP, Event.ALIAS}
DEFAULT_SOURCE = "Import"


@dataclass(frozen=True)
class Values:
    item: Item
    source: str
    touchpoint: str
    number: int | None
    email: str

    @property
    def identities(self) -> list[Key]:
        claim = self.item.claim
        found = [("external", claim.external_id), ("anonymous", claim.anonymous_id), ("email", self.email)]
        return [(kind, value) for kind, value in found if value]

    @property
    def has_id(self) -> bool:
        return bool(self.item.claim.external_id or self.item.claim.anonymous_id)


@dataclass
class Place:
    """Where the row goes: to a customer who is known, or by its own id or e-mail."""

    source: Source
    touchpoint: Touchpoint | None
    customer_id: int | None


class InteractionsImporter(Importer[Values]):
    label = gettext_lazy("Interactions")
    help = gettext_lazy("What customers did, with the time it happened. No campaign fires by an import.")
    icon = "activity"
    extra = gettext_lazy("property")
    keeps_others = True
    counts_equal_rows = True
    needs = (("external_id", "anonymous_id", "email", "number"), ("event",), ("occurred_at",))
    options = (
        Option(
            "source",
            gettext_lazy("Source"),
            gettext_lazy("Import the same file again under the same source, and nothing is added."),
            initial=DEFAULT_SOURCE,
        ),
    )
    columns = (
        Column("number", gettext_lazy("Milepost number"), gettext_lazy("From an export of Milepost.")),
        Column(
            "external_id",
            gettext_lazy("External id"),
            gettext_lazy("Of the customer, in your own systems."),
            ("customerid", "customer", "userid", "user", "clientid"),
        ),
        Column("anonymous_id", gettext_lazy("Anonymous id"), "", ("anonymousid", "visitorid", "deviceid", "cookieid")),
        Column("email", gettext_lazy("E-mail"), gettext_lazy("Where there is no id."), ("mail", "emailaddress")),
        Column("event", gettext_lazy("Event"), gettext_lazy("Such as Order Completed."), ("eventname", "type")),
        Column(
            "occurred_at",
            gettext_lazy("Time"),
            gettext_lazy("ISO 8601; without a zone it is UTC."),
            ("timestamp", "occurredat", "happenedat", "date", "datetime", "eventtime", "ts", "at"),
        ),
        Column("channel", gettext_lazy("Channel"), gettext_lazy("Empty means that of the source.")),
        Column("by", gettext_lazy("By"), gettext_lazy("customer, company or machine; empty means customer.")),
        Column("touchpoint", gettext_lazy("Touchpoint"), gettext_lazy("By its name in the catalogue.")),
        Column("message_id", gettext_lazy("Message id"), gettext_lazy("Unique within the source."), ("messageid",)),
        Column("source", gettext_lazy("Source"), gettext_lazy("Instead of the one chosen before.")),
        Column("properties", gettext_lazy("Properties as JSON"), "", ("properties",)),
        Column("context", gettext_lazy("Context as JSON"), "", ("context",)),
    )

    def parse(self, row: Row, context: Context) -> Values:
        cells = Cells(row, self.columns)
        event = cells.text("event", most=wire.MAX_EVENT)
        at = cells.parsed("occurred_at", partial(past, now=context.now))
        found_email = cells.parsed("email", email) or ""
        claim = Claim(cells.parsed("external_id", external_id), cells.parsed("anonymous_id", external_id))
        milepost_number = cells.parsed("number", number)
        if cells.are_empty("external_id", "anonymous_id", "email", "number"):
            cells.refuse("", _("needs an external id, an anonymous id or an e-mail of the customer"))
        if not event:
            cells.refuse("event", _("is missing"))
        if cells.are_empty("occurred_at"):
            cells.refuse("occurred_at", _("a time such as 2026-11-22T10:00:00Z is needed"))
        item = Item(
            claim=claim,
            message_id=cells.text("message_id", most=wire.MAX_MESSAGE_ID) or _made_id(row),
            occurred_at=at or context.now,
            event=event,
            by=cells.parsed("by", _by) or (By.MACHINE if event in _BY_MACHINES else By.CUSTOMER),
            channel=cells.parsed("channel", channel),
            properties={**(cells.parsed("properties", json_object) or {}), **cells.extras()},
            context=cells.parsed("context", json_object) or {},
        )
        source = cells.text("source", most=100) or context.options.get("source") or DEFAULT_SOURCE
        cells.check()
        return Values(item, source, cells.text("touchpoint", most=100), milepost_number, found_email)

    def keys(self, value: Values) -> set[str]:
        return {f"{value.source}:{value.item.message_id}"}

    def prepare(self, values: Sequence[Values], context: Context) -> None:
        # Stitching takes the locks of ids; those of e-mails are for people who are made by one.
        importing.lock(("email", value.email) for value in values if value.email and not value.has_id)

    def plan(self, values: Sequence[Values], context: Context) -> list[Plan[Values] | Problem]:
        known = finding.known(key for value in values for key in value.identities)
        numbers = finding.by_number(value.number for value in values)
        sources = named({value.source for value in values})
        touchpoints = {one.name: one for one in Touchpoint.objects.filter(name__in={v.touchpoint for v in values})}
        stored = _stored(values, sources)

        def plan(value: Values) -> Plan[Values]:
            place = Place(sources[value.source], None, _customer(value, known, numbers))
            if value.touchpoint and value.touchpoint not in touchpoints:
                raise Problem(_("there is no touchpoint “%(name)s”") % {"name": value.touchpoint})
            place.touchpoint = touchpoints.get(value.touchpoint)
            return _plan(value, place, is_stored=(place.source.pk, value.item.message_id) in stored)

        return each(values, plan)

    def apply(self, plans: Sequence[Plan[Values]], context: Context) -> None:
        _make_people(plans, context)
        groups: dict[tuple[Source, bool], list[Plan[Values]]] = defaultdict(list)
        for plan in plans:
            groups[plan.target.source, plan.target.customer_id is not None].append(plan)
        for (source, is_known), group in groups.items():
            items = [plan.value.item for plan in group]
            if is_known:
                ids = [plan.target.customer_id for plan in group]
                ingest.store_known(
                    source=source, items=items, customer_ids=ids, received_at=context.now, origin=Origin.IMPORT
                )
            else:
                ingest.store(source=source, items=items, received_at=context.now, origin=Origin.IMPORT)
            _put_touchpoints(source, group)


def _made_id(row: Row) -> str:
    return f"row:{content_hash(row.cells).hex()}:{row.ordinal}"


def _by(text: str) -> By:
    if text.lower() not in By.values:
        raise ValueError(_("use customer, company or machine"))
    return By(text.lower())


def channel(text: str) -> Channel:
    folded = text.casefold()
    found = next((one for one in Channel if folded in {one.value, str(one.label).casefold()}), None)
    if found is None:
        raise ValueError(_("“%(text)s” is no channel; use one of: %(channels)s")
                         % {"text": text[:40], "channels": ", ".join(Channel.values)})  # fmt: skip
    return found


def _customer(value: Values, known: Known, numbers: dict[int, int]) -> int | None:
    """The one who is known; None where stitching finds or makes them by the row's own id."""
    if value.number:
        return of_number(value.number, value.identities, known, numbers)
    claim = value.item.claim
    if claim.external_id:
        known.check_not_erased(IdentityKind.EXTERNAL, claim.external_id)
    if claim.anonymous_id:
        known.check_not_erased(IdentityKind.ANONYMOUS, claim.anonymous_id)
    if value.has_id:
        return None
    known.check_not_erased(IdentityKind.EMAIL, value.email)
    return known.owner_of(IdentityKind.EMAIL, value.email)


def _stored(values: Sequence[Values], sources: dict[str, Source]) -> set[tuple[int, str]]:
    by_source: dict[int, list[str]] = defaultdict(list)
    for value in values:
        by_source[sources[value.source].pk].append(value.item.message_id)
    wanted = Q(pk__in=[])
    for pk, message_ids in by_source.items():
        wanted |= Q(source_id=pk, message_id__in=message_ids)
    return set(Interaction.objects.filter(wanted).values_list("source_id", "message_id"))


def _plan(value: Values, place: Place, *, is_stored: bool) -> Plan[Values]:
    item = value.item
    title = item.claim.external_id or item.claim.anonymous_id or value.email or _("customer %d") % (value.number or 0)
    if is_stored:
        return Plan(value, RowState.UNCHANGED, title)
    return Plan(value, RowState.NEW, title, [(item.event, "", item.occurred_at.isoformat())], place)


def _make_people(plans: Sequence[Plan[Values]], context: Context) -> None:
    """Those who are named by an e-mail that nobody has."""
    of = [plan for plan in plans if plan.target.customer_id is None and not plan.value.has_id]
    emails = sorted({plan.value.email for plan in of})
    if not emails:
        return
    people = [Person(None, email=one) for one in emails]
    made = importing.save_people(people=people, by=None, now=context.now)
    ids = {one: customer.pk for one, customer in zip(emails, made, strict=True)}
    for plan in of:
        plan.target.customer_id = ids[plan.value.email]


def _put_touchpoints(source: Source, plans: Sequence[Plan[Values]]) -> None:
    """A row that names its touchpoint knows better than the rules of the catalogue."""
    by_touchpoint: dict[int, list[str]] = defaultdict(list)
    for plan in plans:
        if plan.target.touchpoint is not None:
            by_touchpoint[plan.target.touchpoint.pk].append(plan.value.item.message_id)
    for pk, message_ids in by_touchpoint.items():
        Interaction.objects.filter(source=source, message_id__in=message_ids).update(touchpoint_id=pk)
