"""Text with a delimiter (CSV): which encoding, which delimiter, and its records."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from typing import IO, cast

from django.utils.translation import gettext as _

from apps.core.tables.limits import MAX_LINE_CHARACTERS, TableError

DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1024 * 1024
_SAMPLE_CHARACTERS = 64 * 1024
_SAMPLE_RECORDS = 50
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: IO[bytes]) -> tuple[str, int]:
    """The encoding, and how many line ends there are. Without a mark it is UTF-8, or Windows-1252 where the bytes are
    no UTF-8; the whole file is looked at, for an accent may come late."""
    file.seek(0)
    first = file.read(4)
    marked = next((name for mark, name in _MARKS if first.startswith(mark)), None)
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, ends = True, 0
    while block := file.read(_BLOCK):
        ends += block.count(b"\n") or block.count(b"\r")
        if marked is None and is_utf8:
            is_utf8 = _decodes(decoder, block)
    return marked or ("utf-8" if is_utf8 and not _is_cut_off(decoder) else "cp1252"), ends


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _is_cut_off(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return False


def delimiter_of(file: IO[bytes], *, encoding: str) -> str:
    """The delimiter that cuts the first records into the same number of columns, the more columns the better."""
    file.seek(0)
    try:
        sample = codecs.getincrementaldecoder(encoding)().decode(file.read(_SAMPLE_CHARACTERS * 2))
    except UnicodeDecodeError as error:
        raise _not_text() from error
    if sample[:4].lower() == "sep=" and sample[4:5] in DELIMITERS:
        return sample[4]
    return max(DELIMITERS, key=lambda delimiter: _fit(sample[:_SAMPLE_CHARACTERS], delimiter))


def _fit(sample: str, delimiter: str) -> tuple[bool, float, int]:
    counts = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if record:
                counts.append(len(record))
            if len(counts) >= _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    columns = counts[0] if counts else 1
    alike = sum(count == columns for count in counts) / max(1, len(counts))
    return columns > 1, alike, columns


def records(file: IO[bytes], *, encoding: str, delimiter: str) -> Generator[tuple[int, list[str]]]:
    """Each record with its number in the table, blank lines left out. The file may be a pipe."""
    text = io.TextIOWrapper(cast("io.BufferedReader", file), encoding=encoding, newline="")
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    number = 0
    try:
        for record in reader:
            if record and not (number == 0 and _is_excel_hint(record)):
                number += 1
                yield number, record
    except csv.Error as error:
        raise _unreadable(reader.line_num, error) from error
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := _next_line(text):
        if len(line) > MAX_LINE_CHARACTERS:
            raise TableError(_("A line of the file is longer than 4 MB. It may be no CSV, or have no line ends."))
        if "\x00" in line:
            raise TableError(_("The file has NUL bytes, so it is no CSV. Save it as CSV in UTF-8, or as XLSX."))
        yield line


def _next_line(text: io.TextIOWrapper) -> str:
    try:
        return text.readline(MAX_LINE_CHARACTERS + 1)
    except UnicodeError as error:
        raise _not_text() from error


def _is_excel_hint(record: list[str]) -> bool:
    """Excel's own first line, `sep=;`, which says the delimiter and is no header."""
    return record[0].lower() in {"sep=", *(f"sep={one}" for one in DELIMITERS)} and not any(record[1:])


def _unreadable(line: int, error: csv.Error) -> TableError:
    if "field larger than field limit" in str(error):
        return TableError(
            _("Near line %(line)d there is a cell of more than 64 KB, or a quotation mark that is never closed.")
            % {"line": line}
        )
    return TableError(
        _("Line %(line)d cannot be read: a quotation mark inside a cell must be doubled, and the last one closed.")
        % {"line": line}
    )


def _not_text() -> TableError:
    return TableError(_("The file is no text in UTF-8, UTF-16 or Windows-1252. Save it as CSV in UTF-8, or as XLSX."))
