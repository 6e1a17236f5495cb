"""What apps add from above: a lower app runs it without knowing who registered it. Filled in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Model

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ClaimedChange:
    customer_id: int
    interaction_id: int | None
    origin: str
    attempts: int = 0
    priority: int = 0


@dataclass
class Batch:
    """The customers of one pipeline pass, all locked, and what the handlers so far found out (facts)."""

    changes: list[ClaimedChange]
    now: datetime
    facts: list[object] = field(default_factory=list)

    @property
    def customer_ids(self) -> list[int]:
        return sorted({change.customer_id for change in self.changes})


@dataclass(frozen=True)
class Gauge:
    """length = rows due now, work in hand included; oldest_seconds = age of the oldest of them."""

    length: int
    oldest_seconds: float


@dataclass(frozen=True)
class NavigationItem:
    label: "StrOrPromise"
    icon: str
    url_name: str
    permission: str


PipelineHandler = Callable[[Batch], None]
MergeHandler = Callable[..., None]
"""Called with keyword arguments gone_ids and kept_ids, two lists of equal length."""

pipeline_handlers: dict[int, PipelineHandler] = {}
merge_handlers: dict[str, MergeHandler] = {}
gauges: dict[str, Callable[[datetime], Gauge]] = {}
navigation: dict[int, NavigationItem] = {}


def pipeline(order: int, handler: PipelineHandler) -> None:
    """Handlers run in ascending order: 10 merged away, 20 activity, 30 fold, 40 triggers, 50 exits and goals."""
    if order in pipeline_handlers and pipeline_handlers[order] is not handler:
        raise ValueError(f"pipeline order {order} is taken")
    pipeline_handlers[order] = handler


def merge(model: type[Model], field_name: str, handler: MergeHandler) -> None:
    """What happens to the rows of `model` whose `field_name` names the customer that a merge removes."""
    merge_handlers[f"{model._meta.label}.{field_name}"] = handler  # noqa: SLF001 - Django's public _meta


def gauge(name: str, measure: Callable[[datetime], Gauge]) -> None:
    gauges[name] = measure


def navigate(order: int, item: NavigationItem) -> None:
    navigation[order] = item
