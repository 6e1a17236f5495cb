"""One way in for every file that people bring: looked at by content, not by name, and read lazily."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import IO, Any, Self

from django.utils.translation import gettext as _

from apps.core.tables import delimited, limits, workbook
from apps.core.tables.limits import TableError

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Shape:
    """What a look at the file told: enough to read it again elsewhere."""

    kind: str  # csv or xlsx
    encoding: str = ""
    delimiter: str = ""
    rows: int | None = None  # about

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Line:
    """`number` counts as a spreadsheet does: the header is 1."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    header: list[str]
    lines: Generator[Line]

    def close(self) -> None:
        self.lines.close()


def examine(file: IO[bytes]) -> Shape:
    """Looks at a seekable file. Raises TableError where it cannot be a table."""
    limits.check_size(file.seek(0, 2))
    file.seek(0)
    first = file.read(8)
    if first.startswith(_ZIP):
        with closing(workbook.Workbook(file)) as book:
            return Shape("xlsx", rows=book.rows)
    if first == _OLE:
        raise workbook.old_or_locked(file)
    encoding, ends = delimited.encoding_of(file)
    return Shape("csv", encoding, delimited.delimiter_of(file, encoding=encoding), rows=ends)


def read(file: IO[bytes], shape: Shape) -> Table:
    """The header, and the lines below it as they are asked for. Raises TableError, also between lines. XLSX needs a
    seekable file; CSV may come from a pipe."""
    if file.seekable():
        file.seek(0)
    if shape.kind == "xlsx":
        records = workbook.Workbook(file).records()
    else:
        records = delimited.records(file, encoding=shape.encoding, delimiter=shape.delimiter)
    first = next(records, None)
    if first is None:
        raise TableError(_("The file is empty."))
    try:
        header = _header(first[1])
    except TableError:
        records.close()
        raise
    return Table(header, _lines(records, len(header)))


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise TableError(_("The first row is empty. It must hold the names of the columns."))
    if len(names) > limits.MAX_COLUMNS:
        raise limits.too_many_columns()
    found: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        limits.check_cell(name, row=1)
        final = name[:200] or _("Column %(place)d") % {"place": place}
        if final in found:
            raise TableError(
                _("Two columns are called “%(name)s” (%(first)d and %(second)d). Rename one of them.")
                % {"name": final, "first": found[final], "second": place}
            )
        found[final] = place
    return list(found)


def _lines(records: Generator[tuple[int, list[str]]], width: int) -> Generator[Line]:
    count = 0
    with closing(records):
        for number, cells in records:
            if not any(cells):
                continue
            count += 1
            if count > limits.MAX_ROWS:
                raise limits.too_many_rows()
            yield _line(number, cells, width)
    if not count:
        raise TableError(_("The file has names of columns and no rows below them."))


def _line(number: int, cells: list[str], width: int) -> Line:
    if len(cells) > limits.MAX_COLUMNS:
        raise limits.too_many_columns()
    for cell in cells:
        limits.check_cell(cell, row=number)
    problem = ""
    if any(cells[width:]):
        words = _("The row has %(cells)d cells and the header %(names)d. Is a delimiter in a cell without quotes?")
        problem = words % {"cells": len(cells), "names": width}
    return Line(number, cells[:width] + [""] * (width - len(cells)), problem)
