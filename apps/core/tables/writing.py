"""Tables out, piece by piece: each piece can be made by another process, since what the next one needs to know is a
small state of plain values."""

import csv
import io
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.utils.translation import gettext as _

from apps.core.tables.cells import protect
from apps.core.tables.limits import TableError

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_XLSX_ROWS = 1_048_576
MAX_XLSX_CELL = 32_767

Rows = Iterable[Sequence[str]]
State = dict[str, Any]


class Writer(Protocol):
    content_type: str
    ending: str

    def piece(self, state: State, rows: Rows) -> bytes:
        """The next bytes; `state` begins empty and is moved on."""

    def end(self, state: State) -> bytes: ...


class CsvWriter:
    content_type, ending = CSV_TYPE, "csv"

    def piece(self, state: State, rows: Rows) -> bytes:
        text = io.StringIO(newline="")
        if not state:
            text.write("\ufeff")  # Excel takes it for UTF-8 only by this mark
            state["begun"] = True
        csv.writer(text).writerows([protect(cell) for cell in row] for row in rows)
        return text.getvalue().encode()

    def end(self, state: State) -> bytes:
        return b"" if state else self.piece(state, [])


# What XML cannot hold or changes on reading, and what would be read as such an escape.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|\t|_(?=x[0-9A-Fa-f]{4}_)")
_SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Milepost" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_OPEN = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
_CLOSE = "</sheetData></worksheet>"


class XlsxWriter:
    """One sheet of texts. Each piece is deflated on its own up to a full flush, so that pieces can be put together to
    one deflate stream; sizes and checksum follow the data."""

    content_type, ending = XLSX_TYPE, "xlsx"

    def piece(self, state: State, rows: Rows) -> bytes:
        if not state:
            state |= {"crc": 0, "size": 0, "packed": 0, "rows": 0}
            return _local(_SHEET) + self._deflate(state, _OPEN + self._xml(state, rows))
        return self._deflate(state, self._xml(state, rows))

    def end(self, state: State) -> bytes:
        begun = b"" if state else self.piece(state, [])
        last = self._deflate(state, _CLOSE, flush=zlib.Z_FINISH)
        if state["size"] >= 2**32 or state["packed"] >= 2**32:
            raise TableError(_("The table is too large for XLSX. Export it as CSV."))
        found = begun + last + struct.pack("<4sLLL", b"PK\x07\x08", state["crc"], state["packed"], state["size"])
        return found + _rest(state)

    def _xml(self, state: State, rows: Rows) -> str:
        found = []
        for row in rows:
            state["rows"] += 1
            if state["rows"] > MAX_XLSX_ROWS:
                raise TableError(_("XLSX holds 1,048,576 rows at most. Export it as CSV."))
            found.append(f'<row r="{state["rows"]}">{"".join(_cell(text) for text in row)}</row>')
        return "".join(found)

    def _deflate(self, state: State, text: str, *, flush: int = zlib.Z_FULL_FLUSH) -> bytes:
        data = text.encode()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(data) + packer.flush(flush)
        state["crc"] = zlib.crc32(data, state["crc"])
        state["size"] += len(data)
        state["packed"] += len(packed)
        return packed


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    if len(text) >= MAX_XLSX_CELL:
        raise TableError(_("A text is longer than the 32,767 characters that a cell of XLSX holds. Export it as CSV."))
    safe = protect(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", safe)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>'


def _local(name: str) -> bytes:
    # Bit 3: crc and sizes come after the data; bit 11: UTF-8. The day is the first that zip knows.
    return struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0x0808, 8, 0, 33, 0, 0, 0, len(name), 0) + name.encode()


def _central(name: str, crc: int, packed: int, size: int, offset: int) -> bytes:
    return struct.pack(
        "<4sHHHHHHLLLHHHHHLL",
        b"PK\x01\x02", 20, 20, 0x0808, 8, 0, 33, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset,
    ) + name.encode()  # fmt: skip


def _rest(state: State) -> bytes:
    """The small parts and the directory, after the sheet."""
    offset = len(_local(_SHEET)) + state["packed"] + 16
    found = b""
    directory = [_central(_SHEET, state["crc"], state["packed"], state["size"], 0)]
    for name, text in _PARTS.items():
        data = (_HEAD + text).encode()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(data) + packer.flush()
        crc = zlib.crc32(data)
        directory.append(_central(name, crc, len(packed), len(data), offset + len(found)))
        found += _local(name) + packed + struct.pack("<4sLLL", b"PK\x07\x08", crc, len(packed), len(data))
    listing = b"".join(directory)
    end = struct.pack(
        "<4sHHHHLLH", b"PK\x05\x06", 0, 0, len(directory), len(directory), len(listing), offset + len(found), 0
    )
    return found + listing + end


WRITERS: dict[str, Writer] = {"csv": CsvWriter(), "xlsx": XlsxWriter()}
