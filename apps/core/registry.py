"""What apps add from above: a lower app runs it without knowing who registered it. Filled in AppConfig.ready()."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from apps.core.models import Job
    from apps.core.transfers import Exporter, Importer


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


@dataclass(frozen=True)
class JobKind:
    """`chunk` does the next piece inside the caller's transaction, moves the job's cursor, done, total and result, and
    says whether that was the last. `on_cancel` puts things right when somebody cancels."""

    label: "StrOrPromise"
    chunk: "Callable[[Job, datetime], bool]"
    on_cancel: "Callable[[Job], None] | None" = None


@dataclass(frozen=True)
class FirstStep:
    """One point of an admin's first hour: what to do, why, where, and whether it is done."""

    label: "StrOrPromise"
    help: "StrOrPromise"
    url_name: str
    is_done: Callable[[], bool]


@dataclass(frozen=True)
class Need:
    """Something that an admin should look at; `key` names the cause, which is told once a day."""

    key: str
    text: str
    url: str


@dataclass(frozen=True)
class Stuck:
    """Rows that should have moved on by now: `rows` finds them, `fix` says what to do about them. A few are a warning,
    `many` mean that something is broken."""

    rows: "Callable[[datetime], QuerySet[Any]]"
    label: "StrOrPromise"
    fix: "StrOrPromise"
    many: int = 1


@dataclass(frozen=True)
class Pruner:
    """`rows` are those whose time is over. `batches` takes them away, about `limit` rows a transaction, and yields how
    many went with each; nothing is lost when nobody asks for the next."""

    rows: "Callable[[datetime], QuerySet[Any]]"
    batches: "Callable[[datetime, int], Iterator[int]]"


class Log(Enum):
    """What the log of a merge keeps of a table, so that the merge can be undone."""

    IDS = "the ids of the rows that moved"
    ROWS = "whole rows: some are taken out or changed, because the customer who stays has the same"
    NOTHING = "nothing: the rows are made anew, or tell of the customers as they were"


@dataclass(frozen=True)
class Person:
    """Somebody who is being erased: all customers they were, what names them in a text (ids, addresses, full names),
    and their folded addresses that nobody else goes by."""

    customer_ids: list[int]
    names: list[str]
    addresses: list[str]


@dataclass(frozen=True)
class StepUse:
    """A step of a published map, in words, that matches by the name of a touchpoint; `url` shows the map."""

    label: str
    url: str


@dataclass(frozen=True)
class StepCall:
    """A step of a campaign to be done for a customer. `key` is stable: what is made for it is made once."""

    key: str
    customer_id: int
    campaign: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class CampaignStepKind:
    """A kind of step that a higher app does. `check` raises ValueError for settings that make no sense; `run` is called
    inside the transaction of the runs, with many at once; `sentence` says what it does, in a line."""

    check: Callable[[Any], None]
    run: "Callable[[list[StepCall], datetime], None]"
    sentence: Callable[[Mapping[str, Any]], str]


PipelineHandler = Callable[[Batch], None]
MergeHandler = Callable[..., None]
"""Called with keyword arguments gone_ids and kept_ids, two lists of equal length."""
UndoHandler = Callable[..., None]
"""Called with keyword arguments identity_ids, kept_id and gone_id when an undo has returned these identities."""
EraseHandler = Callable[[list[int]], int]
"""Deletes what a model keeps on these customers, or cuts the tie where the row is not about the person; returns how
many rows that were."""
PersonalRows = Callable[[int], "Iterable[dict[str, object]]"]
"""What a model keeps on a customer, for the person to read."""
RuleHolders = Callable[[], "list[tuple[str, dict[str, object]]]"]
"""What has rules, in words, with each rule: so that nothing is taken away that a rule asks for."""
PublishGuard = Callable[[int, "Mapping[str, Any]"], list[str]]
"""Called with the id of a journey and the snapshot that would be published; says in words what stands against it."""


@dataclass(frozen=True)
class Personal:
    label: "StrOrPromise"
    rows: PersonalRows


pipeline_handlers: dict[int, PipelineHandler] = {}
merge_handlers: dict[str, MergeHandler] = {}
merge_logs: dict[str, Log] = {}
undo_handlers: list[UndoHandler] = []
erase_handlers: dict[str, EraseHandler] = {}
before_erase_handlers: list[Callable[[Person], None]] = []
forget_handlers: "dict[str, Callable[[Person], int]]" = {}
personal_rows: dict[str, Personal] = {}
rule_holders: list[RuleHolders] = []
publish_guards: list[PublishGuard] = []
touchpoint_uses: "list[Callable[[str], list[StepUse]]]" = []
survey_uses: "list[Callable[[str], list[str]]]" = []
job_kinds: dict[str, JobKind] = {}
job_end_handlers: "list[Callable[[Job], None]]" = []
importers: "dict[str, Importer[Any]]" = {}
exporters: "dict[str, Exporter]" = {}
first_steps: dict[int, FirstStep] = {}
needs: dict[str, Callable[[datetime], list[Need]]] = {}
undoable: dict[str, frozenset[str]] = {}
gauges: dict[str, Callable[[datetime], Gauge]] = {}
health_checks: dict[str, Stuck] = {}
inserts: dict[str, type[Model]] = {}
pruners: dict[str, Pruner] = {}
navigation: dict[int, NavigationItem] = {}
campaign_steps: dict[str, CampaignStepKind] = {}


def pipeline(order: int, handler: PipelineHandler) -> None:
    """Handlers run in ascending order: 10 merged away, 20 activity, 30 fold, 32 status, 34 personas, 36 segments,
    38 duplicates, 40 triggers, 50 exits and goals, 60 rollups."""
    if order in pipeline_handlers and pipeline_handlers[order] is not handler:
        raise ValueError(f"pipeline order {order} is taken")
    pipeline_handlers[order] = handler


def merge(model: type[Model], field_name: str, handler: MergeHandler, *, log: Log = Log.IDS) -> None:
    """What happens to the rows of `model` whose `field_name` names the customer that a merge removes."""
    key = f"{model._meta.label}.{field_name}"  # noqa: SLF001 - Django's public _meta
    merge_handlers[key] = handler
    merge_logs[key] = log


def on_undo(handler: UndoHandler) -> None:
    """What came later by an identity that goes back with the undo of a merge goes back too."""
    if handler not in undo_handlers:
        undo_handlers.append(handler)


def erase(model: type[Model], field_name: str, handler: EraseHandler) -> None:
    """What an erasure does to the rows of `model` whose `field_name` names the customer."""
    erase_handlers[f"{model._meta.label}.{field_name}"] = handler  # noqa: SLF001 - Django's public _meta


def before_erase(handler: Callable[[Person], None]) -> None:
    """Runs before the transaction of an erasure, such as waiting for a message that is being handed over."""
    if handler not in before_erase_handlers:
        before_erase_handlers.append(handler)


def forget(name: str, handler: "Callable[[Person], int]") -> None:
    """Takes out what names the person without a foreign key; returns how many rows that were."""
    forget_handlers[name] = handler


def personal(model: type[Model], field_name: str, rows: PersonalRows, *, label: "StrOrPromise | None" = None) -> None:
    """What a person is given who asks for everything that is kept on them."""
    meta = model._meta  # noqa: SLF001 - Django's public _meta
    title = label or meta.verbose_name_plural or meta.label
    personal_rows[f"{meta.label}.{field_name}"] = Personal(title, rows)


def guard_publishing(guard: PublishGuard) -> None:
    if guard not in publish_guards:
        publish_guards.append(guard)


def holds_rules(holders: RuleHolders) -> None:
    if holders not in rule_holders:
        rule_holders.append(holders)


def uses_touchpoint(find: "Callable[[str], list[StepUse]]") -> None:
    """`find` is given the name of a touchpoint, so that none is renamed or deleted under a step."""
    if find not in touchpoint_uses:
        touchpoint_uses.append(find)


def uses_survey(find: "Callable[[str], list[str]]") -> None:
    """`find` is given the name of a survey and says in words what asks by it, so that none is renamed under it."""
    if find not in survey_uses:
        survey_uses.append(find)


def job(kind: str, definition: JobKind) -> None:
    job_kinds[kind] = definition


def on_job_end(handler: "Callable[[Job], None]") -> None:
    if handler not in job_end_handlers:
        job_end_handlers.append(handler)


def importer(kind: str, definition: "Importer[Any]") -> None:
    """What can be brought in from a file; offered in the order of registration."""
    importers[kind] = definition


def exporter(kind: str, definition: "Exporter") -> None:
    """What can be taken away as a file."""
    exporters[kind] = definition


def first_step(order: int, step: FirstStep) -> None:
    first_steps[order] = step


def need(name: str, find: Callable[[datetime], list[Need]]) -> None:
    needs[name] = find


def may_undo(*models: type[Model], but: frozenset[str] = frozenset()) -> None:
    """The audit may put back changes of these models, and make them again when deleted. `but` are fields whose change
    does more than write the row: they are not put back, and begin anew."""
    undoable.update({model._meta.label: but for model in models})  # noqa: SLF001 - Django's public _meta


def campaign_step(kind: str, definition: CampaignStepKind) -> None:
    """How steps of that kind are done."""
    campaign_steps[kind] = definition


def gauge(name: str, measure: Callable[[datetime], Gauge]) -> None:
    gauges[name] = measure


def navigate(order: int, item: NavigationItem) -> None:
    navigation[order] = item


def health_check(name: str, check: Stuck) -> None:
    """`manage.py doctor` and /metrics look for these rows."""
    health_checks[name] = check


def count_inserts(name: str, model: type[Model]) -> None:
    """/metrics tells how many rows of this table were written."""
    inserts[name] = model


def prune(name: str, pruner: Pruner) -> None:
    """`core.prune` and `manage.py prune` take these rows away."""
    pruners[name] = pruner
