"""What an app declares so that its rows can come in from a file and go out to one. The work itself, chunk by chunk, is
done by importing.py and exporting.py."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from apps.core.enums import RowState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EXTRA = "extra:"
_CANONICAL_INTEGER = re.compile(r"-?[1-9]\d{0,14}|0")
_CANONICAL_DECIMAL = re.compile(r"-?\d{1,12}\.\d{1,6}")


class Problem(ValueError):
    """A row cannot be taken; the text says why, for the person who wrote the file."""


@dataclass(frozen=True)
class Column:
    """`synonyms`: other names that files use for it, lower case, letters and digits only."""

    key: str
    label: "StrOrPromise"
    help: "StrOrPromise" = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One more thing to say before the import or export begins: a text, or one of `choices`."""

    key: str
    label: "StrOrPromise"
    help: "StrOrPromise" = ""
    initial: str = ""
    is_date: bool = False
    choices: "Callable[[], list[tuple[str, str]]] | None" = None


@dataclass(frozen=True)
class Row:
    """`cells`: text by key of the column; columns of the company's own stand under `extra:NAME`. `ordinal` counts the
    rows of the file that were equal to this one and came before it."""

    number: int
    cells: dict[str, str]
    ordinal: int = 0


@dataclass(frozen=True)
class Context:
    now: datetime
    options: dict[str, str] = field(default_factory=dict)
    user_id: int | None = None


@dataclass
class Plan[T]:
    """What would become of a row; `changes` are (field, old, new)."""

    value: T
    state: RowState
    title: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    target: Any = None


@dataclass(frozen=True)
class Outcome:
    row: Row
    state: RowState
    title: str = ""
    changes: Sequence[tuple[str, str, str]] = ()
    problem: str = ""


class Importer[T](ABC):
    """Turns rows into values, says what they would change, and writes them. `take` runs inside the transaction of its
    caller, who rolls it back for a dry run: what is shown before is what happens after."""

    label: "StrOrPromise"
    help: "StrOrPromise"
    icon: str
    columns: tuple[Column, ...]
    needs: tuple[tuple[str, ...], ...] = ()  # of each group one column at least
    extra: "StrOrPromise" = ""  # what a column of the company's own becomes; "" = there are none
    keeps_others = False  # whether unknown columns are kept as such unless somebody says otherwise
    options: tuple[Option, ...] = ()
    permission = "staff.transfer"
    counts_equal_rows = False

    @abstractmethod
    def parse(self, row: Row, context: Context) -> T:
        """Raises Problem."""

    @abstractmethod
    def keys(self, value: T) -> set[str]:
        """What the value is known by: of two rows of a chunk that share one, the second sees what the first did."""

    def prepare(self, values: Sequence[T], context: Context) -> None:  # noqa: B027 - many need no lock
        """Takes the locks of the chunk."""

    @abstractmethod
    def plan(self, values: Sequence[T], context: Context) -> list[Plan[T] | Problem]:
        """One for each value, in order. No two of the values share a key."""

    @abstractmethod
    def apply(self, plans: Sequence[Plan[T]], context: Context) -> None:
        """Writes what is new or changed."""

    def take(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        """What became of each row, in order."""
        found: dict[int, Outcome] = {}
        values: list[tuple[Row, T]] = []
        for row in rows:
            try:
                values.append((row, self.parse(row, context)))
            except Problem as problem:
                found[row.number] = Outcome(row, RowState.REFUSED, problem=str(problem))
        self.prepare([value for _row, value in values], context)
        for wave in self._waves(values):
            for outcome in self._take_wave(wave, context):
                found[outcome.row.number] = outcome
        return [found[row.number] for row in rows]

    def _take_wave(self, wave: "list[tuple[Row, T]]", context: Context) -> Iterator[Outcome]:
        plans = self.plan([value for _row, value in wave], context)
        self.apply([p for p in plans if isinstance(p, Plan) and p.state is not RowState.UNCHANGED], context)
        for (row, _value), plan in zip(wave, plans, strict=True):
            if isinstance(plan, Problem):
                yield Outcome(row, RowState.REFUSED, problem=str(plan))
            else:
                yield Outcome(row, plan.state, plan.title, plan.changes)

    def _waves(self, values: "list[tuple[Row, T]]") -> "Iterator[list[tuple[Row, T]]]":
        while values:
            wave: list[tuple[Row, T]] = []
            later: list[tuple[Row, T]] = []
            taken: set[str] = set()
            for row, value in values:
                keys = self.keys(value)
                (wave if taken.isdisjoint(keys) else later).append((row, value))
                taken |= keys
            yield wave
            values = later


def each[V, R](values: Iterable[V], act: Callable[[V], R]) -> list[R | Problem]:
    """What `act` gives for each value, or the problem it raises."""
    found: list[R | Problem] = []
    for value in values:
        try:
            found.append(act(value))
        except Problem as problem:
            found.append(problem)
    return found


@dataclass(frozen=True)
class Slice:
    """`after`: the last id among the rows, from which the next slice goes on; None = there is nothing more."""

    rows: list[list[str]]
    after: int | None


class Exporter(ABC):
    label: "StrOrPromise"
    help: "StrOrPromise"
    icon: str
    options: tuple[Option, ...] = ()
    permission = "staff.transfer"

    @abstractmethod
    def header(self, options: dict[str, str]) -> list[str]: ...

    @abstractmethod
    def count(self, options: dict[str, str]) -> int: ...

    @abstractmethod
    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice: ...


def guess(name: str, importer: Importer[Any]) -> str:
    """What a column of this name most likely is; "" for none."""
    trait = _own_name(name)
    if importer.extra and trait is not None:
        return f"{EXTRA}{trait}"
    folded = _fold(name)
    for column in importer.columns:
        if folded in {_fold(column.key), _fold(str(column.label)), *column.synonyms}:
            return column.key
    return ""


def guesses(header: Iterable[str], importer: Importer[Any]) -> dict[str, str]:
    """For each column what it most likely is; no target twice."""
    found: dict[str, str] = {}
    for name in header:
        target = guess(name, importer) or (target_of_own(name) if importer.keeps_others else "")
        found[name] = "" if target in found.values() else target
    return found


def own_column(name: str) -> str:
    """How an export heads a column of the company's own."""
    return f"trait: {name}"


def _own_name(header: str) -> str | None:
    start = own_column("")
    return header.removeprefix(start).strip() or None if header.startswith(start) else None


def target_of_own(header: str) -> str:
    return f"{EXTRA}{_own_name(header) or header.strip()}"


def missing(targets: Iterable[str], importer: Importer[Any]) -> list[str]:
    """In words, each group of columns of which none was chosen."""
    labels = {column.key: str(column.label) for column in importer.columns}
    chosen = set(targets)
    return [_(" or ").join(labels[key] for key in group) for group in importer.needs if chosen.isdisjoint(group)]


def _fold(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


class Cells:
    """Reads the cells of a row and collects what is wrong with each, so that all of it can be mended at once."""

    def __init__(self, row: Row, columns: Sequence[Column]) -> None:
        self._cells = row.cells
        self._labels = {column.key: column.label for column in columns}
        self._problems: list[str] = []

    def raw(self, key: str) -> str:
        return self._cells.get(key, "")

    def are_empty(self, *keys: str) -> bool:
        return not any(self.raw(key).strip() for key in keys)

    def text(self, key: str, *, most: int) -> str:
        text = self.raw(key).strip()
        if len(text) > most:
            self.refuse(key, _("at most %(most)d characters") % {"most": most})
            return ""
        return text

    def parsed[V](self, key: str, read: Callable[[str], V]) -> V | None:
        """None for an empty cell; `read` raises ValueError in words."""
        text = self.raw(key).strip()
        if not text:
            return None
        try:
            return read(text)
        except ValueError as error:
            self.refuse(key, str(error))
            return None

    def extras(self) -> dict[str, Any]:
        """The company's own columns that are not empty; numbers and yes/no as such."""
        return {key.removeprefix(EXTRA): value_of(text) for key, text in self._cells.items() if _is_own(key, text)}

    def refuse(self, key: str, words: str) -> None:
        label: StrOrPromise = self._labels.get(key, key)
        self._problems.append(f"{label}: {words}" if key else words)

    def check(self) -> None:
        if self._problems:
            raise Problem("; ".join(self._problems))


def _is_own(key: str, text: str) -> bool:
    return key.startswith(EXTRA) and text != ""


def value_of(text: str) -> Any:
    """A number or a yes/no where the text is exactly how Milepost would write it again; else the text."""
    if text in {"true", "false"}:
        return text == "true"
    if _CANONICAL_INTEGER.fullmatch(text):
        return int(text)
    if _CANONICAL_DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def text_of(value: Any) -> str:
    """The text from which `value_of` makes the value again, where it is a plain one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def moment(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC, without a clock time midnight."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(_("“%(text)s” is no time such as 2026-11-22T10:00:00Z") % {"text": text[:40]}) from error


def json_object(text: str) -> dict[str, Any]:
    """What PostgreSQL and the page can show; nothing else."""
    words = _("is no JSON object such as %(example)s") % {"example": '{"plan": "gold"}'}
    try:
        found = json.loads(text, parse_constant=lambda _constant: None)
        packed = orjson.dumps(found)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(words) from error
    if not isinstance(found, dict) or b"\\u0000" in packed:
        raise ValueError(words)
    return found


def differences(pairs: Iterable[tuple["StrOrPromise", object, object]]) -> list[tuple[str, str, str]]:
    """(field, old, new) where the new value is given and another."""
    return [
        (str(label), text_of(old), text_of(new))
        for label, old, new in pairs
        if new is not None and new != "" and text_of(old) != text_of(new)
    ]
