"""The persona's page: the archetype beside the real people, with fit."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from apps.core import rules
from apps.customers.actions import standing
from apps.customers.models import Customer, Persona
from apps.journeys.models import Journey, Progress
from apps.touchpoints.enums import Channel
from apps.touchpoints.models import Interaction

PEOPLE = 1000  # the latest active ones stand for all
FIT_DAYS = 90
SHOWN = 12


@dataclass(frozen=True)
class Share:
    """How many of the people that were looked at."""

    label: str
    count: int
    of: int

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of) if self.of else 0


@dataclass(frozen=True)
class PersonaPage:
    """`people` are the latest active ones, at most PEOPLE; `fit` is the mean of the shares of what the archetype says,
    over those of them who were active in the last FIT_DAYS (None: nothing is said, or nobody was active)."""

    people: list[Customer]
    looked_at: int
    is_all: bool
    active: int
    fit: int | None
    expected: list[Share]
    channels: list[Share]
    stages: list[tuple[str, list[Share]]]
    statuses: list[Share]
    rule: str


def persona_page(persona: Persona, *, now: datetime) -> PersonaPage:
    rows = Customer.objects.present().filter(persona=persona).order_by("-last_activity_at", "-pk")
    people = list(rows[: PEOPLE + 1])
    looked_at = people[:PEOPLE]
    since = now - timedelta(days=FIT_DAYS)
    active = [customer.pk for customer in looked_at if customer.last_activity_at >= since]
    used = _channels(active, since)
    expected = _expected(persona, active, used, now)
    return PersonaPage(
        people=looked_at[:SHOWN],
        looked_at=len(looked_at),
        is_all=len(people) <= PEOPLE,
        active=len(active),
        fit=round(sum(share.percent for share in expected) / len(expected)) if expected and active else None,
        expected=expected,
        channels=[Share(str(Channel(c).label), n, len(active)) for c, n in sorted(used.items(), key=lambda p: -p[1])],
        stages=_stages([customer.pk for customer in looked_at]),
        statuses=_statuses(looked_at),
        rule=rules.sentence(persona.rule) if persona.rule else "",
    )


def _channels(customer_ids: list[int], since: datetime) -> dict[str, int]:
    """Channel -> how many of the customers used it themselves."""
    rows = Interaction.objects.by_customers().filter(customer_id__in=customer_ids, occurred_at__gte=since)
    counted = rows.order_by().values_list("channel").annotate(n=Count("customer_id", distinct=True))
    return dict(counted)


def _expected(persona: Persona, active: list[int], used: dict[str, int], now: datetime) -> list[Share]:
    """What the archetype says of channels and traits, and how many of its people it is true of."""
    shares = [Share(str(channel.label), used.get(channel.value, 0), len(active)) for channel in said_channels(persona)]
    for comparison in persona.traits:
        fits = rules.compiled({"trait": comparison}, rules.Scope(now=now))
        count = Customer.objects.filter(fits, pk__in=active).count()
        shares.append(Share(rules.comparison_sentence(*comparison), count, len(active)))
    return shares


def said_channels(persona: Persona) -> list[Channel]:
    """The channels that the archetype's text names, by their value or label."""
    text = persona.channels.casefold()
    named = {channel: {channel.value, str(channel.label).casefold()} for channel in Channel}
    return [
        channel for channel in Channel if any(re.search(rf"\b{re.escape(one)}s?\b", text) for one in named[channel])
    ]


def _stages(customer_ids: list[int]) -> list[tuple[str, list[Share]]]:
    """For each journey they are on: how many are in each stage, in the order of the map."""
    rows = Progress.objects.on_journey().filter(customer_id__in=customer_ids)
    counts = {
        (j, str(key)): n for j, key, n in rows.order_by().values_list("journey", "stage_key").annotate(Count("pk"))
    }
    journeys = Journey.objects.published().filter(pk__in={j for j, _ in counts}).select_related("current_version")
    return [(journey.name, _of_journey(journey, counts)) for journey in journeys.order_by("name", "pk")]


def _of_journey(journey: Journey, counts: dict[tuple[int, str], int]) -> list[Share]:
    snapshot: dict[str, Any] = journey.current_version.snapshot if journey.current_version else {"stages": []}
    total = sum(n for (pk, _key), n in counts.items() if pk == journey.pk)
    return [Share(s["name"], counts.get((journey.pk, s["key"]), 0), total) for s in snapshot["stages"]]


def _statuses(people: Iterable[Customer]) -> list[Share]:
    labels = [customer.get_status_display() for customer in people]
    return [Share(label, labels.count(label), len(labels)) for label in dict.fromkeys(sorted(labels))]


@dataclass(frozen=True)
class WhoWouldChange:
    """By what somebody is now and would be then; `sample` are the latest active of them."""

    moves: list[tuple[str, str, int]]
    total: int
    sample: list[Customer]


def who_would_change(persona: Persona, rule: dict[str, Any], *, now: datetime) -> WhoWouldChange:
    """If this rule were saved; the rule must have been checked."""
    personas = {one.pk: one for one in Persona.objects.order_by("position", "pk")}
    personas[persona.pk].rule = rule
    ruled = [one for one in personas.values() if one.rule]
    if not ruled:
        return WhoWouldChange([], 0, [])
    changing = standing.persona_changes(Customer.objects.present(), ruled, now=now)
    rows: Any = changing.order_by().values("persona", "said").annotate(n=Count("pk"))  # type: ignore[misc]  # annotated
    names = {pk: one.name for pk, one in personas.items()} | {None: ""}
    moves = [(names.get(row["persona"], ""), names.get(row["said"], ""), row["n"]) for row in rows]
    sample = list(changing.order_by("-last_activity_at", "-pk")[:10])
    return WhoWouldChange(sorted(moves, key=lambda move: -move[2]), sum(n for _, _, n in moves), sample)
