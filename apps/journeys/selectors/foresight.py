"""What publishing a draft would do: who would stand elsewhere. Customers are folded with the draft beside the published
version; nothing is written and nothing locked."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import MD5, Cast

from apps.core import registry
from apps.core.enums import Origin
from apps.core.intervals import wilson
from apps.customers.models import Customer
from apps.customers.previews import TookTooLong, at_most
from apps.journeys import baselines, history, wire
from apps.journeys.maps import Map, Seen, read_map
from apps.journeys.models import Baseline, Journey, Progress
from apps.journeys.selectors.drafts import export_text
from apps.touchpoints.models import Interaction

MOST = 500  # customers looked at
MOVES = 10
SECONDS = 5.0
_CHUNK = 25


@dataclass(frozen=True)
class Shift:
    """`before` and `after` are names of stages; None: not on the journey."""

    before: str | None
    after: str | None
    customers: int


@dataclass(frozen=True)
class Foresight:
    """`looked_at` of `total` customers, drawn by chance where they are fewer; the counts are of those looked at.
    `share`, `low` and `high` in percent: a 95 % Wilson interval where they were drawn."""

    objections: list[str]
    total: int = 0
    looked_at: int = 0
    elsewhere: int = 0
    joining: int = 0
    leaving: int = 0
    shifts: list[Shift] = field(default_factory=list)
    low: float = 0.0
    high: float = 0.0
    is_untouched: bool = False  # nothing that decides where customers stand differs
    ran_out: bool = False  # of time

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.total

    @property
    def share(self) -> float:
        return 100 * self.elsewhere / self.looked_at if self.looked_at else 0.0


def objections(journey: Journey, draft: Mapping[str, Any]) -> list[str]:
    """What stands against publishing the draft: it is not valid, or something asks for what it takes away."""
    try:
        wire.read(draft)
    except wire.MapError as error:
        return [str(error)]
    return [text for guard in registry.publish_guards for text in guard(journey.pk, draft)]


def foresee(journey: Journey, *, now: datetime, clock: Callable[[], float] = time.monotonic) -> Foresight:
    draft = export_text(journey, with_keys=True)
    against = objections(journey, draft)
    try:
        wire.read(draft)
    except wire.MapError:
        return Foresight(against)
    version = journey.current_version
    old, new = read_map(version.snapshot) if version else None, read_map(draft)
    if old == new:
        return Foresight(against, is_untouched=True)
    return _look(_Look(journey, old, new, now), against, clock, clock() + SECONDS)


@dataclass
class _Look:
    """`old` None: nothing is published, so nobody stands anywhere."""

    journey: Journey
    old: Map | None
    new: Map
    now: datetime
    maps: dict[int, Map] = field(default_factory=dict)  # those that made baselines

    def stages(self, seen: list[Seen], baseline: Baseline | None) -> tuple[str | None, str | None]:
        """The keys of the stages where a customer with this history stands and would stand."""
        rows = baselines.counting(history.without_retracted(seen), baseline)
        before = self._stage(self.old, rows, baseline) if self.old else None
        return before, self._stage(self.new, rows, baseline)

    def _stage(self, journey_map: Map, rows: list[Seen], baseline: Baseline | None) -> str | None:
        made_by = self._made_by(baseline) if baseline else None
        fold = baselines.begin(baseline, made_by=made_by, journey_map=journey_map, journey_id=self.journey.pk)
        fold.take_all(rows)
        fold.finish(now=self.now, origin=Origin.PUBLISH.value)
        stage = fold.state.stage
        return None if stage is None else journey_map.stages[stage].key

    def _made_by(self, baseline: Baseline) -> Map:
        """The published map itself where it was that one: its states need no translation."""
        if self.old and baseline.version_id == self.journey.current_version_id:
            return self.old
        if baseline.version_id not in self.maps:
            self.maps[baseline.version_id] = read_map(baseline.version.snapshot)
        return self.maps[baseline.version_id]

    def name(self, key: str | None) -> str | None:
        """As the draft calls the stage; one that it has no more, as the published map does."""
        stages = [*self.new.stages, *(self.old.stages if self.old else ())]
        return next((stage.name for stage in stages if stage.key == key), None)


def _look(look: _Look, against: list[str], clock: Callable[[], float], deadline: float) -> Foresight:
    moved: Counter[tuple[str | None, str | None]] = Counter()
    looked_at = total = 0
    ran_out = False
    try:
        with at_most(_left(clock, deadline)):
            total = _population(look).count()
            ids = list(_drawn(_population(look)))
        for seen, baseline in _histories(look, ids, clock, deadline):
            before, after = look.stages(seen, baseline)
            moved[before, after] += before != after
            looked_at += 1
            if clock() > deadline:
                ran_out = looked_at < len(ids)
                break
    except TookTooLong:
        ran_out = True
    low, high = wilson(moved.total(), looked_at) if looked_at else (0.0, 0.0)
    return Foresight(
        objections=against,
        total=total,
        looked_at=looked_at,
        elsewhere=moved.total(),
        joining=sum(n for (before, _after), n in moved.items() if before is None),
        leaving=sum(n for (_before, after), n in moved.items() if after is None),
        shifts=_shifts(look, moved),
        low=100 * low,
        high=100 * high,
        ran_out=ran_out,
    )


def _left(clock: Callable[[], float], deadline: float) -> int:
    return max(1, int(1000 * (deadline - clock())))


def _population(look: _Look) -> QuerySet[Any]:
    """Whoever was folded with the published map; before the first one, everybody."""
    if look.old is None:
        return Customer.objects.present()
    return Progress.objects.filter(journey=look.journey)


def _drawn(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """By a hash of the id: as good as chance, and the same customers when somebody asks again."""
    name = "pk" if rows.model is Customer else "customer_id"
    return rows.order_by(MD5(Cast(name, CharField())), name).values_list(name, flat=True)[:MOST]


def _histories(
    look: _Look, ids: list[int], clock: Callable[[], float], deadline: float
) -> Iterator[tuple[list[Seen], Baseline | None]]:
    """Some customers at a time, so that time runs out between them. Raises TookTooLong."""
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        found: dict[int, list[Seen]] = {pk: [] for pk in chunk}
        with at_most(_left(clock, deadline)):
            cuts = baselines.of(chunk)
            for customer_id, seen in history.interactions(Interaction.objects.filter(customer_id__in=chunk)):
                found[customer_id].append(seen)
        for pk, seen_of in found.items():
            yield seen_of, cuts.get((pk, look.journey.pk))


def _shifts(look: _Look, moved: Counter[tuple[str | None, str | None]]) -> list[Shift]:
    ordered = sorted(moved.items(), key=lambda item: (-item[1], str(item[0])))
    return [Shift(look.name(before), look.name(after), n) for (before, after), n in ordered[:MOVES] if n]
