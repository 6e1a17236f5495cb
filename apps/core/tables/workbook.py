"""The first sheet of an XLSX, row by row. openpyxl keeps all shared strings, and a row of a million cells before it can
be refused, in memory; so the XML is read here, by defusedxml's parser: no DTD, no entity."""

import array
import os
import posixpath
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from typing import IO, Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from django.utils.translation import gettext as _

from apps.core.tables import archive, numbers, sheet
from apps.core.tables.limits import TableError

MAX_SHEET_BYTES = 2 * 1024**3
MAX_STRINGS_BYTES = 512 * 1024**2
MAX_SMALL_PART_BYTES = 8 * 1024**2
_MAX_TOKEN_BYTES = 1024**2  # expat keeps a tag or comment whole
_LOCKED = "EncryptedPackage".encode("utf-16-le")


class Workbook:
    """The file must be seekable and stay open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = archive.open_archive(file)
        self._sheet, self._strings_name, self._styles_name, self._is_1904 = self._find_parts()

    @property
    def rows(self) -> int | None:
        """About how many rows the sheet says it has below its first."""
        with_dimension = sheet.Dimension()
        try:
            first = next(archive.blocks(self._archive, self._sheet, most=MAX_SHEET_BYTES), b"")
            _feed([first], with_dimension, is_whole=False)
        except sheet.Enough:
            pass
        return with_dimension.rows

    def close(self) -> None:
        self._archive.close()

    def records(self) -> Generator[tuple[int, list[str]]]:
        styles = sheet.Styles()
        _feed(self._blocks(self._styles_name, MAX_SMALL_PART_BYTES), styles)
        strings = _Strings(self._blocks(self._strings_name, MAX_STRINGS_BYTES))
        reader = numbers.Reader(styles.formats, is_1904=self._is_1904)
        found = sheet.Rows(strings.get, reader.text)
        try:
            yield from _each(self._blocks(self._sheet, MAX_SHEET_BYTES), found)
        finally:
            strings.close()

    def _blocks(self, name: str, most: int) -> Iterator[bytes]:
        return archive.blocks(self._archive, name, most=most) if name else iter(())

    def _find_parts(self) -> tuple[str, str, str, bool]:
        names = set(self._archive.namelist())
        if "[Content_Types].xml" not in names:
            raise _other_kind(self._archive)
        main = self._relations("").get("officeDocument", "xl/workbook.xml")
        if main not in names:
            raise archive.broken()
        if main.endswith(".bin"):
            raise TableError(_("This is a binary workbook (XLSB). Save it as XLSX or CSV."))
        book = sheet.Book()
        _feed(self._blocks(main, MAX_SMALL_PART_BYTES), book)
        relations = self._relations(main)
        first = self._relations(main, by="id").get(book.first, "")
        if first not in names:
            raise archive.broken()
        return first, relations.get("sharedStrings", ""), relations.get("styles", ""), book.is_1904

    def _relations(self, part: str, *, by: str = "type") -> dict[str, str]:
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self._archive.namelist():
            return {}
        found = sheet.Relations(folder)
        _feed(self._blocks(path, MAX_SMALL_PART_BYTES), found)
        return found.by_type if by == "type" else found.by_id


class _Strings:
    """The shared strings, on disk: only where each begins is in memory."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._ends = array.array("Q", [0])
        try:
            _feed(blocks, sheet.Strings(self._keep))
            self._file.flush()
        except BaseException:
            self.close()
            raise

    def _keep(self, text: str) -> None:
        self._ends.append(self._ends[-1] + self._file.write(text.encode("utf-8", "replace")))

    def get(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise archive.broken()
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode()

    def close(self) -> None:
        self._file.close()


def _feed(blocks: Any, handler: ContentHandler, *, is_whole: bool = True) -> None:
    for _row in _each(blocks, handler, is_whole=is_whole):
        pass


def _each(blocks: Any, handler: Any, *, is_whole: bool = True) -> Iterator[Any]:
    """Feeds the parser and yields what the handler has put into `ready`."""
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(handler)
    silent, fed, before = 0, False, -1
    try:
        for block in blocks:
            fed = True
            parser.feed(block)
            place = parser._parser.CurrentByteIndex  # noqa: SLF001 - where expat stands
            silent, before = (silent + len(block), before) if place == before else (0, place)
            if silent > _MAX_TOKEN_BYTES:
                raise archive.broken()
            yield from _taken(handler)
        if fed and is_whole:
            parser.close()
            yield from _taken(handler)
    except (SAXException, DefusedXmlException) as error:
        raise archive.broken() from error


def _taken(handler: Any) -> Iterator[Any]:
    ready = getattr(handler, "ready", None)
    while ready:
        yield ready.popleft()


def old_or_locked(file: IO[bytes]) -> TableError:
    """An OLE file is an old workbook, or the wrapping of one with a password."""
    file.seek(0)
    tail = b""
    while block := file.read(1024 * 1024):
        if _LOCKED in tail + block:
            return TableError(_("The file is protected by a password. Save a copy without one."))
        tail = block[-len(_LOCKED) :]
    return TableError(_("This is an old Excel file (XLS), whatever its name says. Save it as XLSX or CSV."))


def _other_kind(found: zipfile.ZipFile) -> TableError:
    if "mimetype" in found.namelist() and "content.xml" in found.namelist():
        return TableError(_("This is an OpenDocument sheet. Save it as XLSX or CSV."))
    return TableError(_("This is a ZIP file and no XLSX. Unpack it, and choose the table inside."))
