"""The effect of a campaign: what became of its messages and of whom it wrote to, beside whom it left alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.utils.translation import gettext as _

from apps.campaigns import comparing, effect_sql, sentences, timing
from apps.campaigns.comparing import Difference, Mean, Share
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.models import Campaign, CampaignStep
from apps.core import rules
from apps.core.models import CompanySettings

DAYS_AFTER = 30  # in which goals and orders count where the campaign says nothing
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
# Bits of GROUPING: a bit is set where the column is not grouped by.
_STEP, _VARIANT, _CHANNEL, _HOUR, _ALL = 0b0111, 0b1011, 0b1101, 0b1110, 0b1111


@dataclass(frozen=True)
class Figures:
    """Of messages that were sent. `goal`: whose customer reached the goal afterwards. `revenue` by currency."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    machine_opened: int = 0
    clicked: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    goal: int = 0
    revenue: dict[str, Decimal] = field(default_factory=dict)

    def cells(self) -> list[tuple[str, int]]:
        """Each that opens the customers behind it, by the name of the filter."""
        return [(name, getattr(self, name)) for name in COLUMNS]


COLUMNS = (
    "sent", "delivered", "opened", "machine_opened", "clicked", "replied", "bounced", "complained", "unsubscribed",
    "goal",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One step, tone, channel or hour; `query` names its customers."""

    key: str
    label: str
    figures: Figures
    query: str


@dataclass(frozen=True)
class Side:
    """Customers of a way, or the treated, or those held out."""

    key: str
    label: str
    goal: Share
    figures: Figures
    worth: dict[str, Mean]
    query: str


@dataclass(frozen=True)
class Comparison:
    """One side beside another: by goal, and by revenue per customer in each currency."""

    one: Side
    other: Side
    goal: Difference
    worth: list[tuple[str, Difference]]


@dataclass(frozen=True)
class Split:
    """`pairs`: each way beside the first, with the interval corrected for how many there are."""

    number: int
    sides: list[Side]
    pairs: list[Comparison]


@dataclass(frozen=True)
class Effect:
    """`early`: the part of the revenue that no message stands before, by currency."""

    campaign: Campaign
    since: datetime | None
    days_after: int
    treated: Side
    holdout: Comparison | None
    total: Figures
    early: dict[str, Decimal]
    steps: list[Line]
    splits: list[Split]
    variants: list[Line]
    channels: list[Line]
    hours: list[Line]


def effect(campaign: Campaign, *, since: datetime | None) -> Effect:
    """Of the runs that began since then. Some questions, whatever the number of customers."""
    reading = _Reading(campaign, since)
    found = reading.breakdowns()
    steps = _steps(campaign)
    treated, held_out = reading.sides(found[_ALL].get(None, Figures()))
    return Effect(
        campaign=campaign,
        since=since,
        days_after=reading.days_after,
        treated=treated,
        holdout=_compare(treated, held_out) if held_out.goal.n else None,
        total=found[_ALL].get(None, Figures()),
        early=found[_CHANNEL].pop(None, Figures()).revenue,
        steps=[_step_line(step, found[_STEP]) for step in steps if StepKind(step.kind).sends],
        splits=[reading.split(step) for step in steps if step.kind == StepKind.SPLIT],
        variants=[
            Line(str(key), str(key) or _("as written"), figures, urlencode({"variant": key}))
            for key, figures in sorted(found[_VARIANT].items(), key=lambda pair: str(pair[0]))
        ],
        channels=[
            Line(str(key), str(Way(key).label), figures, urlencode({"channel": key}))
            for key, figures in sorted(found[_CHANNEL].items(), key=lambda pair: str(pair[0]))
        ],
        hours=[_hour_line(key, figures) for key, figures in sorted(found[_HOUR].items()) if isinstance(key, int)],
    )


def _hour_line(key: int, figures: Figures) -> Line:
    return Line(str(key - 1), f"{key - 1:02}:00", figures, urlencode({"hour": key - 1}))


def _step_line(step: CampaignStep, found: dict[Any, Figures]) -> Line:
    label = f"{step.position + 1}. {sentences.step(step.kind, step.settings, step.ways)}"
    return Line(str(step.key), label, found.get(step.key, Figures()), urlencode({"step": step.key}))


def _steps(campaign: Campaign) -> list[CampaignStep]:
    """Each step once, as its newest version says it; those of the version in force first."""
    rows = CampaignStep.objects.filter(version__campaign=campaign).order_by("version__number", "position")
    newest = {step.key: step for step in rows}
    return sorted(newest.values(), key=lambda step: (step.version_id != campaign.version_id, step.position))


def _compare(one: Side, other: Side, *, corrected_for: int = 1) -> Comparison:
    currencies = sorted({*one.worth, *other.worth})
    nothing = (Mean(one.goal.n, 0.0, 0.0), Mean(other.goal.n, 0.0, 0.0))
    worth = [
        (code, comparing.of_means(one.worth.get(code, nothing[0]), other.worth.get(code, nothing[1])))
        for code in currencies
    ]
    goal = comparing.of_shares(one.goal, other.goal, corrected_for=corrected_for)
    return Comparison(one, other, goal, worth)


class _Reading:
    def __init__(self, campaign: Campaign, since: datetime | None) -> None:
        company = CompanySettings.current()
        self.days_after = campaign.goal_within_days or DAYS_AFTER
        self.values: dict[str, Any] = {
            "campaign": campaign.pk,
            "since": since or _EVER,
            "days": self.days_after,
            "currency": company.currency,
            "events": order_events(company),
            "splits": list(_keys_of_splits(campaign)),
        }
        pairs = self._rows(effect_sql.ZONES)
        self.values |= {
            "time_zones": [time_zone for time_zone, _country in pairs],
            "countries": [country for _time_zone, country in pairs],
            "zones": [timing.zone_of(time_zone=t, country=c, company=company.time_zone).key for t, c in pairs],
        }
        self._ways = {(key, way): (n, hits) for key, way, n, hits in self._of_splits(effect_sql.WAYS)}
        self._messages = {(row[0], row[1]): row[2:] for row in self._of_splits(effect_sql.MESSAGES_OF_WAYS)}
        self._worth: dict[Any, dict[str, tuple[Any, Any]]] = defaultdict(dict)
        for key, way, currency, total, squares in self._of_splits(effect_sql.WORTH_OF_WAYS):
            self._worth[key, way][currency] = (total, squares)

    def _rows(self, sql: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.values)
            return list(cursor.fetchall())

    def _of_splits(self, sql: str) -> list[Any]:
        return self._rows(sql) if self.values["splits"] else []

    def breakdowns(self) -> dict[int, dict[Any, Figures]]:
        """By what it is grouped by, and its value; no channel: orders before any message."""
        found: dict[int, dict[Any, Figures]] = defaultdict(dict)
        for of, step, variant, channel, hour, *counts in self._rows(effect_sql.MESSAGES):
            found[of][_value(of, (step, variant, channel, hour))] = Figures(*counts)
        for of, step, variant, channel, hour, currency, worth in self._rows(effect_sql.REVENUE):
            value = _value(of, (step, variant, channel, hour))
            if of in {_ALL, _CHANNEL} or value is not None:  # none: before any message was sent
                before = found[of].get(value, Figures())
                found[of][value] = replace(before, revenue={**before.revenue, currency: worth})
        return found

    def sides(self, total: Figures) -> tuple[Side, Side]:
        """Everybody the campaign took in, whether a message left or not; and those held out."""
        counts = {is_held_out: (n, hits) for is_held_out, n, hits in self._rows(effect_sql.REACHED)}
        worth: dict[bool, dict[str, tuple[Any, Any]]] = defaultdict(dict)
        for is_held_out, currency, of_all, squares in self._rows(effect_sql.WORTH):
            worth[is_held_out][currency] = (of_all, squares)
        names = ((False, _("in the campaign"), total, "held_out=0"), (True, _("held out"), Figures(), "held_out=1"))
        made = [
            self._side(query, label, counts.get(is_held_out, (0, 0)), figures, worth[is_held_out], query)
            for is_held_out, label, figures, query in names
        ]
        return made[0], made[1]

    def _side(self, key: str, label: str, counts: tuple[int, int], *more: Any) -> Side:
        figures, worth, query = more
        n, hits = counts
        means = {code: Mean(n, float(total), float(squares)) for code, (total, squares) in worth.items()}
        return Side(key, label, Share(hits, n), figures, means, query)

    def split(self, step: CampaignStep) -> Split:
        sides = [
            self._side(
                str(number), str(way["name"]), self._ways.get((step.key, number), (0, 0)),
                Figures(*self._messages.get((step.key, number), ())), self._worth[step.key, number],
                urlencode({"split": step.key, "way": number}),
            )
            for number, way in enumerate(step.ways)
        ]  # fmt: skip
        others = sides[1:]
        pairs = [_compare(other, sides[0], corrected_for=len(others)) for other in others]
        return Split(step.position + 1, sides, pairs)


def _value(of: int, values: Sequence[Any]) -> Any:
    place = {_STEP: 0, _VARIANT: 1, _CHANNEL: 2, _HOUR: 3}.get(of)
    return None if place is None else values[place]


def _keys_of_splits(campaign: Campaign) -> Iterable[Any]:
    rows = CampaignStep.objects.filter(version__campaign=campaign, kind=StepKind.SPLIT)
    return rows.order_by("key").values_list("key", flat=True).distinct()


def order_events(company: CompanySettings) -> list[str]:
    """Of the rule that says who has bought."""
    return sorted({value["event"] for name, value in rules.leaves(company.conversion_rule) if name == "did"})


def window(days: int | None, *, now: datetime) -> datetime | None:
    return now - timedelta(days=days) if days else None
