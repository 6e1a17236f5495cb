"""What the XML parts of a workbook mean. Prefixes are ignored, so that strict and transitional files read alike."""

import posixpath
import re
from collections import deque
from collections.abc import Callable
from typing import Any
from xml.sax.handler import ContentHandler

from apps.core.tables import limits

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d*)")
_TRUE = {"1", "true", "on"}


class Enough(Exception):
    """The rest need not be read."""


def unescape(text: str) -> str:
    """`_x000D_` is how XLSX writes what XML cannot hold."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def column_of(reference: str) -> int | None:
    """0 for A1."""
    found = _REFERENCE.match(reference)
    if found is None:
        return None
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _attribute(attrs: Any, wanted: str) -> str:
    return next((str(attrs[name]) for name in attrs.getNames() if _local(name) == wanted), "")


class Relations(ContentHandler):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder
        self.by_type: dict[str, str] = {}
        self.by_id: dict[str, str] = {}

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        if _local(name) != "Relationship" or attrs.get("TargetMode") == "External":
            return
        target = attrs.get("Target", "")
        path = posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
        self.by_type.setdefault(attrs.get("Type", "").rpartition("/")[2], path)
        self.by_id[attrs.get("Id", "")] = path


class Book(ContentHandler):
    """The relation of the first sheet, and from which year days are counted."""

    first = ""
    is_1904 = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        if _local(name) == "sheet" and not self.first:
            self.first = next((attrs[n] for n in attrs.getNames() if n.endswith(":id")), "")
        elif _local(name) == "workbookPr":
            self.is_1904 = attrs.get("date1904", "") in _TRUE


class Dimension(ContentHandler):
    rows: int | None = None

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        if _local(name) == "dimension":
            last = re.search(r"(\d+)$", attrs.get("ref", ""))
            self.rows = min(int(last[1][:9]) - 1, limits.MAX_ROWS) if last and ":" in attrs["ref"] else None
            raise Enough
        if _local(name) == "sheetData":
            raise Enough


class Styles(ContentHandler):
    """The number format of each style: an id, or the code of a format of the file's own."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: list[int | str] = []
        self._own: dict[str, str] = {}
        self._is_inside = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        local = _local(name)
        if local == "numFmt":
            self._own[attrs.get("numFmtId", "")] = attrs.get("formatCode", "")
        elif local == "cellXfs":
            self._is_inside = True
        elif local == "xf" and self._is_inside:
            number = attrs.get("numFmtId", "0")
            self.formats.append(self._own.get(number, int(number) if number.isdecimal() else 0))

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        if _local(name) == "cellXfs":
            self._is_inside = False


class _Texts(ContentHandler):
    """Collects the characters of `t` and `v`, phonetic hints left out. A text is cut where a cell may not be longer."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._length = 0
        self._collects = False
        self._phonetic = 0

    def begin(self) -> None:
        self._parts.clear()
        self._length = 0

    def text(self) -> str:
        return "".join(self._parts)

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        local = _local(name)
        if local == "rPh":
            self._phonetic += 1
        self._collects = local in {"t", "v"} and not self._phonetic

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        if _local(name) == "rPh":
            self._phonetic -= 1
        self._collects = False

    def characters(self, content: str) -> None:
        # One more than allowed is kept, so that the check of the cell sees it.
        if self._collects and self._length <= limits.MAX_CELL_BYTES:
            self._parts.append(content)
            self._length += len(content)


class Strings(_Texts):
    def __init__(self, keep: Callable[[str], None]) -> None:
        super().__init__()
        self._keep = keep

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        if _local(name) == "si":
            self.begin()
        super().startElement(name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        super().endElement(name)
        if _local(name) == "si":
            self._keep(unescape(self.text()[: limits.MAX_CELL_BYTES + 1]))


class Rows(_Texts):
    """Finished rows stand in `ready` as (number, cells). Formulas give the value that was stored with them."""

    def __init__(self, shared: Callable[[int], str], number: Callable[[str, int], str]) -> None:
        super().__init__()
        self.ready: deque[tuple[int, list[str]]] = deque()
        self._shared, self._number = shared, number
        self._row = 0
        self._cells: list[str] = []
        self._place = self._style = 0
        self._kind = ""

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        local = _local(name)
        if local == "row":
            said = attrs.get("r", "")
            self._row = int(said) if said.isdecimal() and len(said) < 9 else self._row + 1
            self._cells, self._place = [], -1
        elif local == "c":
            place = column_of(attrs.get("r", ""))
            self._place = self._place + 1 if place is None else place
            self._kind, style = attrs.get("t", "n"), attrs.get("s", "0")
            self._style = int(style) if style.isdecimal() and len(style) < 9 else 0
            self.begin()
        super().startElement(name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        super().endElement(name)
        local = _local(name)
        if local == "c":
            self._put(self._value())
        elif local == "row":
            self.ready.append((self._row, self._cells))

    def _value(self) -> str:
        text = self.text()
        if not text:
            return ""
        if self._kind == "s":
            return self._shared(int(text) if text.strip().isdecimal() and len(text) < 12 else -1)
        if self._kind == "n":
            return self._number(text, self._style)
        if self._kind == "b":
            return "true" if text.strip() == "1" else "false"
        return text if self._kind == "d" else unescape(text)

    def _put(self, text: str) -> None:
        if not text:
            return
        if not 0 <= self._place < limits.MAX_COLUMNS:
            raise limits.too_many_columns()
        limits.check_cell(text, row=self._row)
        self._cells += [""] * (self._place + 1 - len(self._cells))
        self._cells[self._place] = text
