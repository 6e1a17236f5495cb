"""What became of a pain point since it was solved: did more of those who came to its step go on?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Func, JSONField, Value
from django.utils.translation import gettext as _

from apps.core import intervals
from apps.journeys.models import Card, Journey

PERIOD = timedelta(days=90)
WITHIN = timedelta(days=14)
FEW = 20
"""With fewer customers before or after nothing is said."""


@dataclass(frozen=True)
class Share:
    """Of `n` customers who came to the step so many went on."""

    n: int = 0
    went_on: int = 0

    @property
    def share(self) -> float | None:
        return self.went_on / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return intervals.wilson(self.went_on, self.n) if self.n else None

    @property
    def percent(self) -> int:
        return round(100 * (self.share or 0))

    @property
    def percents(self) -> tuple[int, int]:
        low, high = intervals.wilson(self.went_on, self.n)
        return round(100 * low), round(100 * high)


@dataclass(frozen=True)
class Effect:
    """`obstacle` says in words why nothing can be measured; "" when it can."""

    before: Share = Share()
    after: Share = Share()
    obstacle: str = ""

    @property
    def sides(self) -> list[tuple[Share, str]]:
        return [(self.before, _("before")), (self.after, _("after"))]

    @property
    def difference(self) -> float | None:
        """After less before."""
        if self.before.share is None or self.after.share is None:
            return None
        return self.after.share - self.before.share

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.difference is None:
            return None
        return intervals.newcombe(self.after.went_on, self.after.n, self.before.went_on, self.before.n)

    @property
    def verdict(self) -> str:
        """unmeasured, few, none, better or worse."""
        if self.obstacle:
            return "unmeasured"
        if self.interval is None or min(self.before.n, self.after.n) < FEW:
            return "few"
        low, high = self.interval
        return "better" if low > 0 else "worse" if high < 0 else "none"

    @property
    def sentence(self) -> str:
        if self.obstacle:
            return self.obstacle
        if self.verdict == "few":
            return _("too few yet (n=%(n)d)") % {"n": min(self.before.n, self.after.n)}
        if self.verdict == "none":
            return _("no difference seen yet (%(low)+d to %(high)+d points)") % self._points()
        words = _("%(points)d points more go on (%(low)+d to %(high)+d)")
        if self.verdict == "worse":
            words = _("%(points)d points fewer go on (%(low)+d to %(high)+d)")
        return words % self._points()

    def _points(self) -> dict[str, int]:
        low, high = self.interval or (0.0, 0.0)
        return {"points": abs(round(100 * (self.difference or 0))), "low": round(100 * low), "high": round(100 * high)}


def published_steps() -> dict[int, list[str]]:
    """Of each published map the keys of its steps, in order."""
    keys = Func(
        F("current_version__snapshot"),
        Value("$.stages[*].steps[*].key"),
        function="jsonb_path_query_array",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=JSONField(),
    )
    return dict(Journey.objects.published().annotate(keys=keys).values_list("pk", "keys"))


# Of each pain point and period the first visit of each customer whose 14 days are over, and whether a visit to a later
# step of the map followed in time. Of two visits at the same time the one that arrived later is the later one.
_SQL = """
WITH pain(card, journey, step, place, solved_at) AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::int[], %s::timestamptz[])
), map(journey, step, place) AS (
    SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::int[])
), came AS (
    SELECT DISTINCT ON (pain.card, visit.at >= pain.solved_at, visit.customer_id)
        pain.card, pain.journey, pain.place, visit.at >= pain.solved_at AS is_after,
        visit.customer_id, visit.at, visit.interaction_id
    FROM pain JOIN journeys_stepvisit visit ON visit.journey_id = pain.journey AND visit.step_key = pain.step
        AND visit.at >= pain.solved_at - make_interval(days => %s)
        AND visit.at < pain.solved_at + make_interval(days => %s) AND visit.at <= %s
    ORDER BY pain.card, visit.at >= pain.solved_at, visit.customer_id, visit.at, visit.interaction_id
)
SELECT card, is_after, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM journeys_stepvisit later JOIN map ON map.journey = later.journey_id AND map.step = later.step_key
    WHERE later.customer_id = came.customer_id AND later.journey_id = came.journey AND map.place > came.place
        AND later.at BETWEEN came.at AND came.at + make_interval(days => %s)
        AND (later.at, later.interaction_id) > (came.at, came.interaction_id)))
FROM came GROUP BY card, is_after
"""


def effects(cards: Iterable[Card], *, steps: Mapping[int, list[str]], now: datetime) -> dict[int, Effect]:
    """By card, of solved pain points, each with its step and stage at hand; `steps` as of published_steps. At most one
    query. The two sets of customers are taken as different ones, though some may have come before and after."""
    found: dict[int, Effect] = {}
    measured: list[tuple[Card, int]] = []
    for card in cards:
        keys = steps.get(card.step.stage.journey_id, [])
        if str(card.step.key) not in keys:
            found[card.pk] = Effect(obstacle=_("not measured: the step is not in the published map"))
        elif str(card.step.key) == keys[-1]:
            found[card.pk] = Effect(obstacle=_("not measured: no step comes after it"))
        else:
            measured.append((card, keys.index(str(card.step.key))))
    return found | _counted(measured, steps, now)


def _counted(pains: list[tuple[Card, int]], steps: Mapping[int, list[str]], now: datetime) -> dict[int, Effect]:
    if not pains:
        return {}
    journeys = {card.step.stage.journey_id for card, _place in pains}
    places = [(pk, key, place) for pk in journeys for place, key in enumerate(steps[pk])]
    rows = [(card.pk, card.step.stage.journey_id, card.step.key, place, card.solved_at or now) for card, place in pains]
    values = [*map(list, zip(*rows, strict=True)), *map(list, zip(*places, strict=True))]
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [*values, PERIOD.days, PERIOD.days, now - WITHIN, WITHIN.days])
        shares = {(card, is_after): Share(n, went_on) for card, is_after, n, went_on in cursor.fetchall()}
    nobody = Share()
    return {
        card.pk: Effect(shares.get((card.pk, False), nobody), shares.get((card.pk, True), nobody)) for card, _p in pains
    }
