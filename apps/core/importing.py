"""A file comes in as one job: it waits for its columns to be named, is checked (everything is done and taken back,
chunk by chunk), waits for the go-ahead, and is imported. Nothing is written before that."""

import io
import json
import sqlite3
import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import IO, Any, cast

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core import jobs, registry, wake
from apps.core.enums import FileRole, JobState, RowState
from apps.core.jobs import JobError
from apps.core.models import Job, JobFile
from apps.core.tables import reading, writing
from apps.core.tables.cells import restore
from apps.core.tables.limits import TableError
from apps.core.tables.reading import Line, Shape
from apps.core.transfers import Context, Importer, Outcome, Row

KIND = "import"
CHUNK = 500
SHOWN = 50
PREVIEW = 5
WAITS_FOR = timedelta(days=7)
PROBLEM_COLUMN = "problem"
_SKIP_SECONDS = 10.0
_SPOOL_BYTES = 4 * 1024 * 1024
_OPEN_FILES = 2


class Phase(models.TextChoices):
    MAPPING = "mapping"
    CHECKING = "checking"
    REVIEW = "review"
    IMPORTING = "importing"

    @property
    def waits(self) -> bool:
        return self in {Phase.MAPPING, Phase.REVIEW}


class WrongPhase(Exception):
    """Somebody else went on with this import, or it has ended."""


def importer_of(job: Job) -> Importer[Any]:
    return registry.importers[job.params["importer"]]


def phase_of(job: Job) -> Phase:
    return Phase(job.params["phase"])


@transaction.atomic
def begin(*, kind: str, file: IO[bytes], name: str, options: dict[str, str], user_id: int | None, now: datetime) -> Job:
    """Keeps the file for its columns to be named. Raises TableError."""
    shape = reading.examine(file)
    table = reading.read(file, shape)
    with closing(table):
        rows = [line.cells for line in islice(table.lines, PREVIEW)]
    job = Job.objects.create(
        kind=KIND,
        title=_("%(what)s: import of %(name)s") % {"what": registry.importers[kind].label, "name": name[:100]},
        params={
            "importer": kind,
            "phase": Phase.MAPPING,
            "shape": shape.to_json(),
            "header": table.header,
            "options": options,
            "mapping": {},
        },
        user_id=user_id,
        total=shape.rows,
        created_at=now,
        due_at=now + WAITS_FOR,
    )
    file.seek(0)
    jobs.write_file(
        job=job,
        role=FileRole.INPUT,
        name=name,
        content_type="application/octet-stream",
        chunks=iter(lambda: file.read(jobs.PART_BYTES), b""),
    )
    keep_notes(job, {"rows": rows})
    return job


@transaction.atomic
def check(*, job: Job, mapping: dict[str, str], now: datetime) -> None:
    """Begins the dry run; also again, after the columns were named anew. Raises WrongPhase."""
    job = _in_phase(job, Phase.MAPPING, Phase.REVIEW)
    job.params |= {"phase": Phase.CHECKING, "mapping": mapping}
    _go_on(job, now)


@transaction.atomic
def start(*, job: Job, now: datetime) -> None:
    """The go-ahead after the dry run. Raises WrongPhase."""
    job = _in_phase(job, Phase.REVIEW)
    job.params["phase"] = Phase.IMPORTING
    job.params["check"] = job.result
    _go_on(job, now)
    JobFile.objects.filter(job=job, role=FileRole.RESULT).delete()


def _in_phase(job: Job, *phases: Phase) -> Job:
    locked = Job.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
    if locked.is_finished or locked.cancel_asked_at is not None or phase_of(locked) not in phases:
        raise WrongPhase
    return locked


def _go_on(job: Job, now: datetime) -> None:
    job.cursor, job.result, job.done, job.due_at, job.state = {}, {}, 0, now, JobState.QUEUED
    job.save(update_fields=["params", "cursor", "result", "done", "due_at", "state"])
    wake.on_commit("jobs")


def keep_notes(job: Job, notes: dict[str, Any]) -> None:
    """What the pages of the steps show of the file's content: kept as a file, so that it goes when files go."""
    JobFile.objects.filter(job=job, role=FileRole.RESULT).delete()
    content = json.dumps(notes, ensure_ascii=False).encode()
    jobs.write_file(job=job, role=FileRole.RESULT, name="notes.json", content_type="application/json", chunks=[content])


def notes_of(job: Job) -> dict[str, Any]:
    file = JobFile.objects.filter(job=job, role=FileRole.RESULT, name="notes.json").first()
    return dict(json.loads(b"".join(jobs.read_file(file)))) if file is not None else {}


def run(job: Job, now: datetime) -> bool:
    """One chunk of the dry run or of the import."""
    phase = phase_of(job)
    if phase.waits:
        raise JobError(_("Nobody went on with this import within 7 days, so its file was deleted. Upload it again."))
    try:
        source = _open(job)
        if not source.skip_to(int(job.cursor.get("rows", 0)), seconds=_SKIP_SECONDS):
            return False
        lines = source.take(CHUNK)
    except TableError as error:
        raise JobError(str(error)) from error
    context = Context(now=job.created_at, options=job.params["options"], user_id=job.user_id)
    outcomes = take(importer_of(job), source.rows(lines), context, is_dry=phase is Phase.CHECKING)
    outcomes += [_refused(source.row(line), line.problem) for line in lines if line.problem]
    _count(job, lines, outcomes)
    if phase is Phase.CHECKING:
        _note(job, outcomes)
    else:
        _write_errors(job, source, lines, outcomes)
    if len(lines) == CHUNK:
        return False
    job.total = job.done
    if phase is Phase.CHECKING:
        _wait_for_go_ahead(job, now)
    return phase is Phase.IMPORTING


class _TakenBack(Exception):
    pass


def take(importer: Importer[Any], rows: Sequence[Row], context: Context, *, is_dry: bool = False) -> list[Outcome]:
    """A dry run does everything and takes it back: what it says is what will be."""
    outcomes: list[Outcome] = []
    try:
        with transaction.atomic():
            outcomes = importer.take(rows, context)
            if is_dry:
                raise _TakenBack  # noqa: TRY301 - what rolls back
    except _TakenBack:
        pass
    return outcomes


def _refused(row: Row, problem: str) -> Outcome:
    return Outcome(row, RowState.REFUSED, problem=problem)


def _count(job: Job, lines: Sequence[Line], outcomes: Sequence[Outcome]) -> None:
    job.cursor["rows"] = job.cursor.get("rows", 0) + len(lines)
    job.done = job.cursor["rows"]
    for state in RowState:
        job.result[state] = job.result.get(state, 0) + sum(one.state is state for one in outcomes)


def _note(job: Job, outcomes: Sequence[Outcome]) -> None:
    """The first changes and problems, for the page that asks for the go-ahead."""
    notes = notes_of(job)
    is_first = job.done <= CHUNK
    changes, problems = ([], []) if is_first else (notes.get("changes", []), notes.get("problems", []))
    if len(changes) >= SHOWN and len(problems) >= SHOWN:
        return
    found = sorted(outcomes, key=lambda one: one.row.number)
    changes += [
        {"row": one.row.number, "state": one.state, "title": one.title, "changes": [list(c) for c in one.changes]}
        for one in found
        if one.state in {RowState.NEW, RowState.CHANGED}
    ]
    problems += [
        {"row": one.row.number, "problem": one.problem, "cells": list(one.row.cells.values())[:6]}
        for one in found
        if one.state is RowState.REFUSED
    ]
    keep_notes(job, {"rows": notes.get("rows", []), "changes": changes[:SHOWN], "problems": problems[:SHOWN]})


def _wait_for_go_ahead(job: Job, now: datetime) -> None:
    job.params["phase"] = Phase.REVIEW
    job.state, job.due_at, job.cursor = JobState.QUEUED, now + WAITS_FOR, {}
    _close(job.pk)


def _write_errors(job: Job, source: "_Source", lines: Sequence[Line], outcomes: Sequence[Outcome]) -> None:
    problems = {one.row.number: one.problem for one in outcomes if one.state is RowState.REFUSED}
    if not problems:
        return
    state = job.cursor.setdefault("errors", {})
    rows = [] if state else [error_row(source.header, source.header, PROBLEM_COLUMN)]
    rows += [error_row(source.header, line.cells, problems[line.number]) for line in lines if line.number in problems]
    jobs.write_file(
        job=job,
        role=FileRole.ERRORS,
        name=f"{job.params['importer']}-refused.csv",
        content_type=writing.CSV_TYPE,
        chunks=[writing.WRITERS["csv"].piece(state, rows)],
    )


def error_row(header: Sequence[str], cells: Sequence[str], problem: str) -> list[str]:
    """The row as it came. A mended error file that is refused again gets no second column of problems."""
    kept = [cell for name, cell in zip(header, cells, strict=True) if name != PROBLEM_COLUMN]
    return [*(restore(cell) for cell in kept), problem]


def tidy_up(job: Job) -> None:
    """When a job ends: the notes of an import, and half an export, are of no use."""
    _close(job.pk)
    if job.kind == KIND or job.state != JobState.DONE:
        JobFile.objects.filter(job=job, role=FileRole.RESULT).delete()


# A file is read on from chunk to chunk by the worker that has it open; another one, or after a crash, reads up to the
# cursor first, in slices of some seconds.
_sources: "OrderedDict[int, _Source]" = OrderedDict()


def _open(job: Job) -> "_Source":
    found = _sources.pop(job.pk, None)
    if found is not None and (found.position > job.cursor.get("rows", 0) or found.mapping != job.params["mapping"]):
        found.close()
        found = None
    found = found or _Source(job)
    _sources[job.pk] = found
    while len(_sources) > _OPEN_FILES:
        _sources.popitem(last=False)[1].close()
    return found


def _close(pk: int) -> None:
    found = _sources.pop(pk, None)
    if found is not None:
        found.close()


class _Source:
    def __init__(self, job: Job) -> None:
        file = JobFile.objects.filter(job=job, role=FileRole.INPUT).first()
        if file is None:
            raise JobError(_("The file of this import is no longer there. Upload it again."))
        self.mapping = dict(job.params["mapping"])
        self._stream = _stream(file, job.params["shape"]["kind"])
        self._table = reading.read(self._stream, Shape.from_json(job.params["shape"]))
        self.header = self._table.header
        self.position = 0
        self._equal = EqualRows() if importer_of(job).counts_equal_rows else None
        self._ordinals: dict[int, int] = {}

    def close(self) -> None:
        self._table.close()
        self._stream.close()
        if self._equal is not None:
            self._equal.close()

    def skip_to(self, position: int, *, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.position < position:
            if time.monotonic() > until:
                return False
            self.take(min(CHUNK, position - self.position))
        return True

    def take(self, count: int) -> list[Line]:
        lines = list(islice(self._table.lines, count))
        self.position += len(lines)
        if self._equal is not None:
            self._ordinals = {line.number: self._equal.before(self._cells(line)) for line in lines}
        return lines

    def rows(self, lines: Sequence[Line]) -> list[Row]:
        return [self.row(line) for line in lines if not line.problem]

    def row(self, line: Line) -> Row:
        return Row(line.number, self._cells(line), self._ordinals.get(line.number, 0))

    def _cells(self, line: Line) -> dict[str, str]:
        return mapped(self.header, line.cells, self.mapping)


def mapped(header: Sequence[str], cells: Sequence[str], mapping: dict[str, str]) -> dict[str, str]:
    return {mapping[name]: restore(cell) for name, cell in zip(header, cells, strict=True) if mapping.get(name)}


class EqualRows:
    """How many equal rows came before each one, in constant memory: hashes go to a temporary file."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._seen.execute("PRAGMA journal_mode = OFF")
        self._seen.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")

    def before(self, cells: dict[str, str]) -> int:
        found = self._seen.execute(
            "INSERT INTO seen VALUES (?, 0) ON CONFLICT (hash) DO UPDATE SET times = times + 1 RETURNING times",
            [content_hash(cells)],
        )
        return int(found.fetchone()[0])

    def close(self) -> None:
        self._seen.close()


def content_hash(cells: dict[str, str]) -> bytes:
    """Of what a row says, wherever its columns stand; empty cells say nothing."""
    said = sorted((key, text) for key, text in cells.items() if text != "")
    return blake2b(json.dumps(said, ensure_ascii=False).encode(), digest_size=16).digest()


def _stream(file: JobFile, kind: str) -> IO[bytes]:
    """XLSX needs to be read here and there, so it is put together; CSV is read part by part."""
    parts = jobs.read_file(file)
    if kind != "xlsx":
        return cast("IO[bytes]", io.BufferedReader(Parts(parts)))
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - lives as long as its reader
    for part in parts:
        spool.write(part)
    return cast("IO[bytes]", spool)


class Parts(io.RawIOBase):
    """Bytes that come in pieces, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
