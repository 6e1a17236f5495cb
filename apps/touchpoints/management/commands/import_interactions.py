import io
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.enums import RowState
from apps.core.importing import CHUNK, PROBLEM_COLUMN, EqualRows, error_row, take
from apps.core.tables import limits, reading, writing
from apps.core.tables.limits import TableError
from apps.core.tables.reading import Line
from apps.core.transfers import Context, Outcome, Row, guess, guesses, missing, target_of_own
from apps.touchpoints.transfers import InteractionsImporter

_BAR = 30


class Command(BaseCommand):
    help = "Imports interactions from CSV, XLSX or JSON Lines. A file imported twice adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="where they come from; made when missing")
        parser.add_argument(
            "--columns", default="", help="FILE_COLUMN=event,OTHER=occurred_at,…; an empty one is left out"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        run = _Run(path, options["source"], _columns(options["columns"]))
        try:
            with path.open("rb") as file:
                table = _open(path, file)
                for lines in batched(table.lines, CHUNK, strict=False):
                    run.take(table.header, lines)
                    self._show(run, end="\r")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except TableError as error:
            raise CommandError(str(error)) from error
        finally:
            run.close()
        self._show(run, end="\n")
        if run.refused:
            self.stdout.write(f"{run.refused:,} rows were refused: see {run.errors_path}")

    def _show(self, run: "_Run", *, end: str) -> None:
        share = min(1.0, run.done / run.expected) if run.expected and end != "\n" else 1.0
        bar = "#" * round(share * _BAR)
        self.stdout.write(f"[{bar:<{_BAR}}] {run.done:,} rows, {run.new:,} new, {run.refused:,} refused", ending=end)
        self.stdout.flush()


class _Run:
    def __init__(self, path: Path, source: str, columns: dict[str, str]) -> None:
        self.importer = InteractionsImporter()
        self.columns, self.source = columns, source
        self.errors_path = path.with_name(f"{path.name}.refused.csv")
        self.done = self.new = self.refused = 0
        self.expected = _rows_about(path)
        self._equal = EqualRows()
        self._mapping: dict[str, str] = {}
        self._state: dict[str, Any] = {}

    def take(self, header: list[str], lines: tuple[Line, ...]) -> None:
        context = Context(now=timezone.now(), options={"source": self.source})
        rows = [self._row(header, line) for line in lines if not line.problem]
        found = take(self.importer, rows, context)
        found += [
            Outcome(Row(line.number, {}), RowState.REFUSED, problem=line.problem) for line in lines if line.problem
        ]
        problems = {one.row.number: one.problem for one in found if one.state is RowState.REFUSED}
        self.done += len(lines)
        self.new += sum(one.state is RowState.NEW for one in found)
        self.refused += len(problems)
        self._write(header, [(line, problems[line.number]) for line in lines if line.number in problems])

    def _row(self, header: list[str], line: Line) -> Row:
        cells = {}
        for name, text in _cells(header, line):
            target = self._target(name, header)
            if target:
                cells[target] = text
        return Row(line.number, cells, self._equal.before(cells))

    def _target(self, name: str, header: list[str]) -> str:
        if name not in self._mapping:
            self._mapping |= _chosen(self.importer, header, self.columns) if header else {}
        if name not in self._mapping:
            own = self.columns.get(name)
            self._mapping[name] = (guess(name, self.importer) or target_of_own(name)) if own is None else own
        return self._mapping[name]

    def _write(self, header: list[str], refused: list[tuple[Line, str]]) -> None:
        if not refused:
            return
        names = header or ["row"]
        rows = [] if self._state else [error_row(names, names, PROBLEM_COLUMN)]
        rows += [error_row(names, line.cells, problem) for line, problem in refused]
        mode = "ab" if self._state else "wb"
        with self.errors_path.open(mode) as file:
            file.write(writing.WRITERS["csv"].piece(self._state, rows))

    def close(self) -> None:
        self._equal.close()


def _columns(text: str) -> dict[str, str]:
    """File column to ours. Written the other way round it is understood as well."""
    keys = {column.key for column in InteractionsImporter.columns}
    found = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, target = (part.strip() for part in pair.partition("="))
        if not equals:
            raise CommandError(f"--columns: {pair} is no NAME=COLUMN")
        folded = guess(target, InteractionsImporter()) or target
        if folded and folded not in keys and name in keys:
            name, folded = target, name
        elif folded and folded not in keys:
            folded = target_of_own(folded.removeprefix("properties."))
        found[name] = folded
    return found


def _chosen(importer: InteractionsImporter, header: list[str], columns: dict[str, str]) -> dict[str, str]:
    """What was said counts; the rest is guessed."""
    taken = {target for target in columns.values() if target}
    guessed = {
        name: target_of_own(name) if target in taken else target for name, target in guesses(header, importer).items()
    }
    chosen = guessed | {name: target for name, target in columns.items() if name in header}
    lacking = missing(chosen.values(), importer)
    if lacking:
        raise CommandError(f"Say by --columns which column is: {'; '.join(lacking)}. There are: {', '.join(header)}.")
    return chosen


def _open(path: Path, file: Any) -> reading.Table:
    if path.suffix.lower() in {".jsonl", ".ndjson"} or _begins_with_object(file):
        return reading.Table([], _json_lines(file))
    return reading.read(file, reading.examine(file))


def _begins_with_object(file: Any) -> bool:
    file.seek(0)
    return bool(file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"))


def _json_lines(file: Any) -> Any:
    """A line's one cell is its text; what it says is read by `_cells`."""
    file.seek(0)
    text = io.TextIOWrapper(cast("Any", file), encoding="utf-8-sig", errors="replace")
    number = 0
    while line := text.readline(limits.MAX_LINE_CHARACTERS + 1):
        if len(line) > limits.MAX_LINE_CHARACTERS:
            raise TableError("A line of the file is longer than 4 MB.")
        number += 1
        if line.strip():
            yield Line(number, [line.strip()], _json_problem(line))
    text.detach()


def _json_problem(line: str) -> str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "The line is no JSON."
    if "\\u0000" in line:
        return "The line has NUL characters."
    return "" if isinstance(found, dict) else "The line is no JSON object."


def _cells(header: list[str], line: Line) -> Iterator[tuple[str, str]]:
    if header:
        yield from zip(header, line.cells, strict=True)
        return
    for name, value in json.loads(line.cells[0]).items():
        if value is not None:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows_about(path: Path) -> int:
    """Lines of a file of text; only for the progress bar."""
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1024 * 1024), b""))
    except OSError:
        return 0
