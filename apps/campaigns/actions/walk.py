"""A set of runs on its way through their steps, inside one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.campaigns.models import CampaignStep


@dataclass
class Run:
    """An enrolment in hand. `position` is the step to do next, None behind the last one."""

    pk: int
    campaign_id: int
    version_id: int
    customer_id: int
    position: int | None
    due_at: datetime
    waits_since: datetime | None
    happened_at: datetime | None
    is_waiting_for: bool = False
    is_settled: bool = False
    state: str = "active"
    exit_reason: str = ""
    last_position: int = 0

    def __post_init__(self) -> None:
        self.last_position = self.position or 0

    def go_to(self, position: int | None) -> None:
        self.position = position
        self.last_position = self.last_position if position is None else position
        self.waits_since = None

    def wait(self, *, since: datetime, until: datetime, for_something: bool = False) -> None:
        self.waits_since, self.due_at, self.is_waiting_for = since, until, for_something
        self.is_settled = True

    def come_again(self, at: datetime) -> None:
        """Nothing was done yet; the same step, a moment later."""
        self.due_at = at
        self.is_settled = True

    def end(self, state: str, reason: str = "") -> None:
        self.state, self.exit_reason, self.waits_since = state, reason, None
        self.is_settled = True


_MARK = """
    INSERT INTO campaigns_steprun (enrolment_id, campaign_id, step_key, way, at)
    SELECT r.id, %s, %s, r.way, %s FROM unnest(%s::bigint[], %s::smallint[]) AS r(id, way)
    ON CONFLICT DO NOTHING RETURNING enrolment_id
"""


class Walk:
    """What the runs of the set have in common."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._ways: list[tuple[int, CampaignStep, int]] = []

    def mark(self, step: CampaignStep, runs: Sequence[Run], ways: Sequence[int | None] | None = None) -> list[Run]:
        """Notes that these runs went through the step; returns those for whom that is new. A constraint keeps each run
        to one pass, so what the step does happens once, also when a new version brings a run before it again."""
        ids = [run.pk for run in runs]
        with connection.cursor() as cursor:
            values: list[Any] = [runs[0].campaign_id, step.key, self.now, ids, list(ways or [None] * len(ids))]
            cursor.execute(_MARK, values)
            new = {row[0] for row in cursor.fetchall()}
        return [run for run in runs if run.pk in new]

    def choose(self, step: CampaignStep, runs: Iterable[Run], way: int) -> None:
        """The way that a step took which was marked before: a wait, when it is over."""
        for run in runs:
            self._ways.append((run.pk, step, way))
            run.happened_at = None
            run.go_to(step.ways[way]["to"])

    def finish(self) -> None:
        if not self._ways:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE campaigns_steprun s SET way = r.way"
                " FROM unnest(%s::bigint[], %s::uuid[], %s::smallint[]) AS r(id, step_key, way)"
                " WHERE s.enrolment_id = r.id AND s.step_key = r.step_key",
                [
                    [pk for pk, _step, _way in self._ways],
                    [step.key for _pk, step, _way in self._ways],
                    [way for _pk, _step, way in self._ways],
                ],
            )
