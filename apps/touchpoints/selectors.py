from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import registry, rules
from apps.touchpoints.enums import Channel, Event, Ownership
from apps.touchpoints.matching import Catalogue, Traffic
from apps.touchpoints.models import Interaction, RefusedItem, Source, Touchpoint, TouchpointDay

_SCANNED = 2000
LATEST = 20
NEWEST = 20_000
DAYS = 30
# What a rule looks at, without the rest of the JSON.
TRAFFIC = (
    "event",
    "by",
    "channel",
    "properties__url",
    "properties__path",
    "properties__referrer",
    "context__page",
    "context__campaign",
)


@dataclass(frozen=True)
class CatalogueRow:
    """A touchpoint with its rules in words and its interactions of the last 30 days."""

    touchpoint: Touchpoint
    rules: list[str]
    interactions: int


@dataclass(frozen=True)
class CatalogueFilters:
    text: str = ""
    channel: str = ""
    ownership: str = ""
    is_moment_of_truth: bool = False

    @property
    def is_any(self) -> bool:
        return bool(self.text or self.channel or self.ownership or self.is_moment_of_truth)


def catalogue_rows(filters: CatalogueFilters, *, today: date) -> list[tuple[str, list[CatalogueRow]]]:
    """By channel, in the channels' order, and by name."""
    found = Touchpoint.objects.filter(_asked(filters)).order_by("name", "pk")
    counts = interactions_by_touchpoint(today=today)
    by_channel: dict[str, list[CatalogueRow]] = {}
    for one in found:
        row = CatalogueRow(one, [in_words(entry) for entry in one.rules], counts.get(one.pk, 0))
        by_channel.setdefault(one.channel, []).append(row)
    return [(channel_label(value), by_channel[value]) for value in Channel.values if value in by_channel]


def _asked(filters: CatalogueFilters) -> Q:
    asked = Q()
    if filters.text and "\x00" not in filters.text:
        asked &= Q(name__icontains=filters.text) | Q(description__icontains=filters.text)
    if filters.channel in Channel.values:
        asked &= Q(channel=filters.channel)
    if filters.ownership in Ownership.values:
        asked &= Q(ownership=filters.ownership)
    if filters.is_moment_of_truth:
        asked &= Q(is_moment_of_truth=True)
    return asked


def interactions_by_touchpoint(*, today: date) -> dict[int, int]:
    """Of the last 30 days, from the rollup."""
    days = TouchpointDay.objects.filter(day__gt=today - timedelta(days=DAYS))
    return dict(days.values_list("touchpoint").annotate(n=Sum("interactions")).order_by())


@dataclass(frozen=True)
class Figures:
    interactions: int
    before: int
    by_day: list[int]

    @property
    def change(self) -> str:
        """Against the 30 days before, as it is shown; empty where there were none."""
        return f"{(self.interactions - self.before) / self.before:+.0%}".replace("-", "−") if self.before else ""

    @property
    def direction(self) -> str:
        if not self.before or self.interactions == self.before:
            return ""
        return "up" if self.interactions > self.before else "down"

    @property
    def points(self) -> str:
        """Of a line through the days, in a box of 100 × 28."""
        most = max(self.by_day)
        if not most:
            return ""
        step = 100 / (len(self.by_day) - 1)
        return " ".join(f"{n * step:.1f},{27 - 26 * count / most:.1f}" for n, count in enumerate(self.by_day))


def figures_of(touchpoint: Touchpoint, *, today: date) -> Figures:
    """The last 30 days and the 30 before."""
    since = today - timedelta(days=2 * DAYS - 1)
    days = TouchpointDay.objects.filter(touchpoint=touchpoint, day__gte=since).values_list("day")
    counts = dict(days.annotate(n=Sum("interactions")).order_by())
    by_day = [counts.get(since + timedelta(days=n), 0) for n in range(2 * DAYS)]
    return Figures(sum(by_day[DAYS:]), sum(by_day[:DAYS]), by_day[DAYS:])


def utc_day(now: datetime) -> date:
    """The day of the rollup."""
    return now.astimezone(UTC).date()


def latest_at(touchpoint: Touchpoint) -> list[Interaction]:
    """The newest interactions there among the newest of all; a bounded scan by primary key."""
    newest = Interaction.objects.order_by("-pk").values("pk")[:NEWEST]
    found = Interaction.objects.filter(pk__in=newest, touchpoint=touchpoint).select_related("customer")
    return list(found.order_by("-pk")[:LATEST])


def read_catalogue() -> Catalogue:
    return Catalogue(Touchpoint.objects.exclude(rules=[]).order_by("pk").values_list("pk", "channel", "rules"))


def traffic(values: Sequence[Any]) -> Traffic:
    """Of a row of TRAFFIC."""
    event, by, channel, url, path, referrer, page, campaign = values
    properties = {"url": url, "path": path, "referrer": referrer}
    return Traffic(event, by, channel, properties, {"page": page, "campaign": campaign})


def uses_of(name: str) -> list[registry.StepUse]:
    """Steps of published maps that match by the touchpoint of this name."""
    return [use for find in registry.touchpoint_uses for use in find(name)]


def used_by(name: str) -> list[str]:
    """Steps and rules that ask for the touchpoint of this name, in words."""
    asking = [
        holder
        for holders in registry.rule_holders
        for holder, rule in holders()
        if name in rules.names(rule, "touchpoint")
    ]
    return [use.label for use in uses_of(name)] + asking


_WORDS = {
    "event": gettext_lazy("the event is “%(value)s”"),
    "channel": gettext_lazy("the channel is %(value)s"),
    "url": gettext_lazy("the page is %(value)s"),
    "utm_source": gettext_lazy("utm_source is %(value)s"),
    "utm_medium": gettext_lazy("utm_medium is %(value)s"),
    "utm_campaign": gettext_lazy("utm_campaign is %(value)s"),
    "referrer": gettext_lazy("it came from %(value)s"),
}


def in_words(entry: dict[str, str]) -> str:
    """One entry of a touchpoint's rules."""
    shown = {**entry, "channel": channel_label(entry.get("channel", ""))}
    said = [words % {"value": shown[name]} for name, words in _WORDS.items() if name in entry]
    return _(" and ").join(said)


def latest_of_source(source: Source) -> list[Interaction]:
    """The source's newest interactions among the newest of all; a bounded scan by primary key."""
    newest = Interaction.objects.order_by("-pk").values("pk")[:_SCANNED]
    found = Interaction.objects.filter(pk__in=newest, source=source).select_related("customer")
    return list(found.order_by("-pk")[:LATEST])


def refused_by(source: Source) -> list[RefusedItem]:
    return list(source.refused_items.order_by("-received_at", "-pk")[:LATEST])


def retracted_ids(customer_id: int, interaction_ids: Sequence[int]) -> set[int]:
    """Which of these were taken back by a later row."""
    if not interaction_ids:
        return set()
    retractions = Interaction.objects.filter(
        customer_id=customer_id,
        event=Event.RETRACTED,
        message_id__in=[f"retract:{pk}" for pk in interaction_ids],
    )
    return {int(properties["interaction"]) for properties in retractions.values_list("properties", flat=True)}


def channel_label(value: str) -> str:
    return str(Channel(value).label) if value in Channel.values else value


def old_refused_items(now: datetime) -> QuerySet[RefusedItem]:
    return RefusedItem.objects.filter(received_at__lt=now - timedelta(days=90))


def has_first_event() -> bool:
    return Source.objects.exclude(first_event_at=None).exists()


def sources_in_need(now: datetime) -> list[registry.Need]:
    """Sources of which items were refused in the last day."""
    refused = RefusedItem.objects.filter(source=OuterRef("pk"), received_at__gt=now - timedelta(days=1))
    text = _("Items of the source “%(name)s” were refused today. Its page says why.")
    return [
        registry.Need(f"refused:{pk}", text % {"name": name}, reverse("source_detail", kwargs={"pk": pk}))
        for pk, name in Source.objects.filter(Exists(refused)).order_by("name", "pk").values_list("pk", "name")
    ]


FIRST_STEP = registry.FirstStep(
    gettext_lazy("Connect a source"),
    gettext_lazy("A web page or a server that sends what customers do; done when its first event is here."),
    "source_list",
    has_first_event,
)
