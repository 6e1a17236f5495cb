"""The improvement list: pain points and opportunities of all drafts, and what each weighs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.customers.models import Customer
from apps.journeys.enums import CardStatus, Frequency, LaneKind
from apps.journeys.models import Card, StepVisit
from apps.journeys.selectors.effects import Effect, effects, published_steps

WINDOW = timedelta(days=90)
KINDS = (LaneKind.PAIN, LaneKind.OPPORTUNITY)
SORTS = ("score", "severity", "due", "status")
DONE = frozenset({CardStatus.SOLVED, CardStatus.DROPPED})
NOBODY = "none"
MOST = 500
"""More are not shown on one page; the filters find the rest."""
SHOWN_VISITORS = 200
_LATEST = date.max
_LIGHT = ("pk", "severity", "frequency", "effort", "impact", "status", "due_on")
_STATUSES = ["", *CardStatus.values]


@dataclass(frozen=True)
class Filters:
    """`status` and `owner` may be NOBODY: none is said. `owner` and the others are ids as text."""

    text: str = ""
    journey: str = ""
    kind: str = ""
    status: str = ""
    owner: str = ""
    department: str = ""
    is_overdue: bool = False
    sort: str = "score"

    @property
    def is_any(self) -> bool:
        return any([self.text, self.journey, self.kind, self.status, self.owner, self.department, self.is_overdue])


@dataclass(frozen=True)
class Weight:
    """`visited`: different customers who came to the step in the last 90 days; None where it is not measured."""

    pk: int
    kind: str
    severity: int | None
    frequency: str
    effort: int | None
    impact: int | None
    status: str
    due_on: date | None
    visited: int | None

    @property
    def affected(self) -> float | None:
        """Customers whom a pain point met."""
        if self.kind != LaneKind.PAIN or self.visited is None or not self.frequency:
            return None
        return self.visited * Frequency(self.frequency).share

    @property
    def score(self) -> float | None:
        """Severity × customers affected; None is "not estimated"."""
        return None if self.affected is None or self.severity is None else self.severity * self.affected

    @property
    def group(self) -> int:
        """Where it stands in the list by score: scored, not estimated, opportunities, done."""
        if self.status in DONE:
            return 3
        if self.kind != LaneKind.PAIN:
            return 2
        return 1 if self.score is None else 0

    @property
    def quadrant(self) -> str:
        """Empty while effort or impact is not said."""
        return "" if self.effort is None or self.impact is None else quadrant_of(self.effort, self.impact)


@dataclass(frozen=True)
class Improvement:
    card: Card
    weight: Weight
    is_overdue: bool
    effect: Effect | None  # of a solved pain point

    @property
    def is_pain(self) -> bool:
        return self.weight.kind == LaneKind.PAIN

    @property
    def missing(self) -> list[str]:
        """What an estimate of the pain point, or a place in the matrix, still wants; in words."""
        asked = [
            (self.is_pain and self.card.severity is None, _("severity")),
            (self.is_pain and not self.card.frequency, _("how many meet it")),
            (self.is_pain and self.weight.visited is None, _("its step in the published map")),
            (not self.is_pain and self.card.effort is None, _("effort")),
            (not self.is_pain and self.card.impact is None, _("impact")),
        ]
        return [words for is_missing, words in asked if is_missing]


@dataclass(frozen=True)
class ImprovementPage:
    """`groups`: by score, (number of the group, rows); by anything else one group without a number."""

    groups: list[tuple[int | None, list[Improvement]]]
    total: int
    shown: int
    example: Improvement | None

    @property
    def has_more(self) -> bool:
        return self.shown < min(self.total, MOST)


@dataclass(frozen=True)
class Matrix:
    """`cells`: impact 5 first, in each row effort 1 first: (quadrant, numbered dots). `lists` name the quadrants."""

    cells: list[list[tuple[str, list[tuple[int, Improvement]]]]]
    lists: list[tuple[str, list[tuple[int, Improvement]]]]
    unplaced: list[Improvement]


@dataclass(frozen=True)
class Visitor:
    customer: Customer
    visits: int
    last_at: datetime


def quadrant_of(effort: int, impact: int) -> str:
    """3 counts as much."""
    if impact >= 3:
        return "now" if effort < 3 else "plan"
    return "fill" if effort < 3 else "leave"


def cards() -> QuerySet[Card]:
    return Card.objects.filter(lane__kind__in=KINDS)


def improvement_page(filters: Filters, *, now: datetime, shown: int) -> ImprovementPage:
    weights = weighed(filters, now=now)
    rows = improvements(weights[: min(shown, MOST)], now=now)
    groups: list[tuple[int | None, list[Improvement]]] = []
    for row in rows:
        group = row.weight.group if filters.sort == "score" else None
        if not groups or groups[-1][0] != group:
            groups.append((group, []))
        groups[-1][1].append(row)
    example = next((row for row in rows if row.weight.score is not None), None)
    return ImprovementPage(groups=groups, total=len(weights), shown=len(rows), example=example)


def matrix(filters: Filters, *, now: datetime) -> Matrix:
    """Opportunities by effort and impact, without those that are done unless they are asked for."""
    weights = [one for one in weighed(filters, now=now) if one.kind == LaneKind.OPPORTUNITY]
    if not filters.status:
        weights = [one for one in weights if one.status not in DONE]
    rows = improvements(weights[:MOST], now=now)
    quadrants = ["now", "plan", "fill", "leave"]
    placed = sorted((row for row in rows if row.weight.quadrant), key=lambda row: quadrants.index(row.weight.quadrant))
    dots = list(enumerate(placed, 1))
    return Matrix(
        cells=[[_cell(dots, effort, impact) for effort in range(1, 6)] for impact in range(5, 0, -1)],
        lists=[(name, [dot for dot in dots if dot[1].weight.quadrant == name]) for name in quadrants],
        unplaced=[row for row in rows if not row.weight.quadrant],
    )


def _cell(dots: list[tuple[int, Improvement]], effort: int, impact: int) -> tuple[str, list[tuple[int, Improvement]]]:
    here = [dot for dot in dots if (dot[1].card.effort, dot[1].card.impact) == (effort, impact)]
    return quadrant_of(effort, impact), here


def improvement(pk: int, *, now: datetime) -> Improvement | None:
    found = improvements(weigh([pk], now=now), now=now)
    return found[0] if found else None


def weighed(filters: Filters, *, now: datetime) -> list[Weight]:
    """All that fit, in their order: two queries and one of the maps."""
    return sorted(_weigh(_fitting(filters, timezone.localdate(now)), now), key=_ORDERS[filters.sort])


def ids(*, journey: int | None = None) -> list[int]:
    """In the order of their numbers; of one map where it is said."""
    found = cards().filter(step__stage__journey=journey) if journey else cards()
    return list(found.order_by("pk").values_list("pk", flat=True))


def weigh(pks: Iterable[int], *, now: datetime) -> list[Weight]:
    return _weigh(cards().filter(pk__in=list(pks)).order_by("pk"), now)


def improvements(weights: Iterable[Weight], *, now: datetime) -> list[Improvement]:
    """With everything that a row shows: one query for the cards and up to two for what became of solved ones."""
    weights = list(weights)
    found = (
        cards()
        .select_related("step__stage__journey", "step__stage__department", "lane", "owner")
        .in_bulk([one.pk for one in weights])
    )
    solved = [card for card in found.values() if _is_solved_pain(card)]
    effect = effects(solved, steps=published_steps(), now=now) if solved else {}
    today = timezone.localdate(now)
    return [
        Improvement(found[one.pk], one, _is_overdue(found[one.pk], today), effect.get(one.pk))
        for one in weights
        if one.pk in found
    ]


def visitors(card: Card, *, now: datetime) -> tuple[int, list[Visitor]]:
    """The customers behind the figure: how many, and the latest of them."""
    rows = _visits(now).filter(journey=card.step.stage.journey_id, step_key=card.step.key).order_by().values("customer")
    count = rows.distinct().count()
    latest = rows.annotate(n=Count("pk"), last=Max("at")).order_by("-last", "customer")[:SHOWN_VISITORS]
    listed = {row["customer"]: row for row in latest}
    found = Customer.objects.in_bulk(listed)
    return count, [Visitor(found[pk], row["n"], row["last"]) for pk, row in listed.items() if pk in found]


def _is_solved_pain(card: Card) -> bool:
    return card.lane.kind == LaneKind.PAIN and card.status == CardStatus.SOLVED and card.solved_at is not None


def _is_overdue(card: Card, today: date) -> bool:
    return card.due_on is not None and card.due_on < today and card.status not in DONE


def _fitting(filters: Filters, today: date) -> QuerySet[Card]:
    asked = Q()
    if filters.text:
        asked &= Q(text__icontains=filters.text)
    if filters.kind:
        asked &= Q(lane__kind=filters.kind)
    if filters.journey:
        asked &= Q(step__stage__journey=filters.journey)
    if filters.department:
        asked &= Q(step__stage__department=filters.department)
    if filters.status:
        asked &= Q(status="" if filters.status == NOBODY else filters.status)
    if filters.owner:
        asked &= Q(owner=None) if filters.owner == NOBODY else Q(owner=filters.owner)
    if filters.is_overdue:
        asked &= Q(due_on__lt=today) & ~Q(status__in=DONE)
    return cards().filter(asked)


def _weigh(rows: QuerySet[Card], now: datetime) -> list[Weight]:
    found = list(rows.values(*_LIGHT, kind=F("lane__kind"), journey=F("step__stage__journey"), step_key=F("step__key")))
    steps = published_steps() if found else {}
    measured = {str(row["step_key"]) for row in found if str(row["step_key"]) in steps.get(row["journey"], ())}
    counts = _visitors_by_step(measured, {row["journey"] for row in found}, now) if measured else {}
    weights = []
    for row in found:
        key, _journey = str(row.pop("step_key")), row.pop("journey")
        weights.append(Weight(**row, visited=counts.get(key, 0) if key in measured else None))
    return weights


def _visitors_by_step(keys: set[str], journeys: set[int], now: datetime) -> dict[str, int]:
    visits = _visits(now).filter(journey__in=journeys, step_key__in=keys).order_by().values_list("step_key")
    return {str(key): n for key, n in visits.annotate(n=Count("customer", distinct=True))}


def _visits(now: datetime) -> QuerySet[StepVisit]:
    return StepVisit.objects.filter(at__gt=now - WINDOW, at__lte=now)


def _by_score(one: Weight) -> tuple[Any, ...]:
    inside = (-(one.impact or 0), one.effort or 9) if one.group == 2 else (-(one.score or 0), -(one.severity or 0))
    return one.group, *inside, one.pk


_ORDERS = {
    "score": _by_score,
    "severity": lambda one: (-(one.severity or 0), *_by_score(one)),
    "due": lambda one: (one.due_on or _LATEST, *_by_score(one)),
    "status": lambda one: (_STATUSES.index(one.status), *_by_score(one)),
}
