import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy

from apps.core.transfers import Exporter, Option, Slice
from apps.customers.enums import IdentityKind
from apps.customers.models import Identity
from apps.touchpoints.models import Interaction


class InteractionsExporter(Exporter):
    label = gettext_lazy("Interactions")
    help = gettext_lazy("Everything on the timelines in a period, in the order in which it arrived.")
    icon = "activity"
    options = (
        Option("since", gettext_lazy("From"), gettext_lazy("A day; empty means from the beginning."), is_date=True),
        Option("until", gettext_lazy("Until"), gettext_lazy("The last day; empty means until now."), is_date=True),
    )

    def header(self, options: dict[str, str]) -> list[str]:
        return [
            "Milepost number", "External id", "Anonymous id", "E-mail", "Event", "Time", "Channel", "By", "Touchpoint",
            "Source", "Message id", "Properties as JSON", "Context as JSON",
        ]  # fmt: skip

    def count(self, options: dict[str, str]) -> int:
        return _within(options).count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        ids = Identity.objects.filter(kind__in=[IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS]).order_by("pk")
        rows = list(
            _within(options)
            .filter(pk__gt=after)
            .select_related("customer", "touchpoint", "source")
            .prefetch_related(Prefetch("customer__identities", ids, to_attr="own_ids"))
            .order_by("pk")[:limit]
        )
        return Slice([_cells(row) for row in rows], rows[-1].pk if len(rows) == limit else None)


def _within(options: dict[str, str]) -> QuerySet[Interaction]:
    found = Interaction.objects.all()
    if options.get("since"):
        found = found.filter(occurred_at__gte=_start_of(options["since"]))
    if options.get("until"):
        found = found.filter(occurred_at__lt=_start_of(options["until"]) + timedelta(days=1))
    return found


def _start_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def _cells(row: Interaction) -> list[str]:
    customer: Any = row.customer
    ids = {one.kind: one.value for one in reversed(customer.own_ids)}
    return [
        str(customer.pk),
        ids.get(IdentityKind.EXTERNAL, ""),
        ids.get(IdentityKind.ANONYMOUS, ""),
        customer.email,
        row.event,
        row.occurred_at.isoformat(),
        row.channel,
        row.by,
        row.touchpoint.name if row.touchpoint else "",
        row.source.name,
        row.message_id,
        json.dumps(row.properties, ensure_ascii=False) if row.properties else "",
        json.dumps(row.context, ensure_ascii=False) if row.context else "",
    ]
