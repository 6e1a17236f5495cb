"""Addresses that are never written to, in from a file and out to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.actions import bounces
from apps.campaigns.models import Suppression
from apps.core.enums import RowState
from apps.core.transfers import Cells, Column, Context, Exporter, Importer, Plan, Problem, Row, Slice
from apps.customers import folding
from apps.staff.enums import Act
from apps.touchpoints.enums import Channel
from apps.touchpoints.transfers import channel


@dataclass(frozen=True)
class Values:
    channel: Channel
    address: str
    reason: str


class SuppressionsImporter(Importer[Values]):
    label = gettext_lazy("Suppressions")
    help = gettext_lazy("Addresses that are never written to.")
    icon = "ban"
    permission = Act.ADMINISTER.permission
    needs = (("address",),)
    columns = (
        Column("address", gettext_lazy("Address"), gettext_lazy("An e-mail or a phone number."), ("email", "phone")),
        Column("channel", gettext_lazy("Channel"), gettext_lazy("Empty means by the address: e-mail or SMS.")),
        Column("reason", gettext_lazy("Reason"), gettext_lazy("Empty means “imported”.")),
    )

    def parse(self, row: Row, context: Context) -> Values:
        cells = Cells(row, self.columns)
        said = cells.parsed("channel", channel)
        address = cells.parsed("address", address_of)
        if not cells.raw("address").strip():
            cells.refuse("address", _("is missing"))
        reason = cells.text("reason", most=300) or _("imported")
        cells.check()
        folded = address or ""
        return Values(said or (Channel.EMAIL if "@" in folded else Channel.SMS), folded, reason)

    def keys(self, value: Values) -> set[str]:
        return {f"{value.channel}:{value.address}"}

    def plan(self, values: Sequence[Values], context: Context) -> list[Plan[Values] | Problem]:
        known = Suppression.objects.filter(address__in=[value.address for value in values])
        until = {(channel, address): at for channel, address, at in known.values_list("channel", "address", "until")}
        return [_plan(value, until) for value in values]

    def apply(self, plans: Sequence[Plan[Values]], context: Context) -> None:
        rows = [Suppression(channel=p.value.channel, address=p.value.address, reason=p.value.reason) for p in plans]
        Suppression.objects.bulk_create(rows, ignore_conflicts=True)
        for plan in plans:
            if plan.state == RowState.CHANGED:
                bounces.suppress(channel=plan.value.channel, address=plan.value.address, reason=plan.value.reason)


def address_of(text: str) -> str:
    found = folding.email(text) or folding.phone(text)
    if found is None:
        raise ValueError(_("“%(text)s” is neither an e-mail address nor a phone number") % {"text": text[:80]})
    return found


def _plan(value: Values, until: Mapping[tuple[str, str], datetime | None]) -> Plan[Values]:
    """`until`: of those that are there. The reason of one that holds for ever stays."""
    key = (value.channel.value, value.address)
    if key in until:
        ends = until[key]
        if ends is None:
            return Plan(value, RowState.UNCHANGED, value.address)
        return Plan(value, RowState.CHANGED, value.address, [(_("Until"), f"{ends:%Y-%m-%d}", _("for ever"))])
    return Plan(value, RowState.NEW, value.address, [(_("Suppression"), "", f"{value.channel.label}: {value.reason}")])


class SuppressionsExporter(Exporter):
    label = gettext_lazy("Suppressions")
    help = gettext_lazy("Addresses that are never written to, with the reason.")
    icon = "ban"

    def header(self, options: dict[str, str]) -> list[str]:
        return ["Channel", "Address", "Reason", "Since"]

    def count(self, options: dict[str, str]) -> int:
        return Suppression.objects.count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        rows = list(Suppression.objects.filter(pk__gt=after).order_by("pk")[:limit])
        found = [[row.channel, row.address, row.reason, row.created_at.isoformat()] for row in rows]
        return Slice(found, rows[-1].pk if len(rows) == limit else None)
