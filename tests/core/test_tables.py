"""Tables in and out: every file of csv-spectrum, encodings, delimiters, what a workbook may hold, and each limit."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from apps.core.tables import archive, delimited, limits, reading, sheet, workbook, writing
from apps.core.tables.cells import protect, restore
from apps.core.tables.limits import TableError

ROOT = Path(__file__).resolve().parents[2]
SPECTRUM = sorted((ROOT / "tests/data/csv_spectrum").glob("*.csv"))


def read(content: bytes) -> list[list[str]]:
    file = io.BytesIO(content)
    table = reading.read(file, reading.examine(file))
    return [table.header, *(line.cells for line in table.lines)]


def refusal(content: bytes) -> str:
    with pytest.raises(TableError) as error:
        read(content)
    return str(error.value)


def packed(rows, *, change=None, more=None) -> bytes:
    """A workbook by openpyxl; `change` is given each part's name and text."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    whole = io.BytesIO()
    book.save(whole)
    if change is None:
        return whole.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name).decode()))
        for name, text in (more or {}).items():
            new.writestr(name, text)
    return changed.getvalue()


def with_sheet(xml: str) -> bytes:
    return packed([["a"]], change=lambda name, text: xml if name.endswith("sheet1.xml") else text)


def cells_xml(inner: str) -> str:
    return f'<worksheet xmlns="{writing._MAIN}"><sheetData>{inner}</sheetData></worksheet>'


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum(path):
    rows = read(path.read_bytes())
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    expected = json.loads(path.with_suffix(".json").read_text())
    if path.stem == "location_coordinates":  # this JSON is no list, and has another phone number than its CSV
        expected = [{**expected, "Contact Phone Number": "2095257564"}]
    assert found == expected


def test_all_twelve_are_there():
    assert len(SPECTRUM) == 12


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8-sig", b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("cp1252", b"")],
)
def test_encodings(encoding, mark):
    assert read(mark + "name,stadt\nZoë,Köln\n".encode(encoding)) == [["name", "stadt"], ["Zoë", "Köln"]]


def test_an_accent_that_comes_late_decides_for_windows():
    assert read(b"a\n" + b"x\n" * 600_000 + "Zoë\n".encode("cp1252"))[-1] == ["Zoë"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter):
    text = delimiter.join(["name", "note"]) + "\n" + delimiter.join(["Ann", '"x, y; z | w"']) + "\n"
    assert read(text.encode()) == [["name", "note"], ["Ann", "x, y; z | w"]]


def test_excels_own_hint_is_no_header():
    assert read(b"sep=;\r\na;b\r\n1;2\r\n") == [["a", "b"], ["1", "2"]]


def test_line_ends_of_all_systems_and_blank_lines():
    assert read(b"a,b\r1,2\r\r3,4\r") == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_short_rows_are_filled_and_long_rows_say_so():
    file = io.BytesIO(b"a,b\n1\n1,2,3\n")
    lines = list(reading.read(file, reading.examine(file)).lines)
    assert lines[0] == reading.Line(2, ["1", ""])
    assert lines[1].problem == (
        "The row has 3 cells and the header 2. Is a delimiter in a cell without quotes?"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b",,\n1,2,3\n", "The first row is empty."),
        (b"a,b\n", "names of columns and no rows"),
        (b"name,mail,name\n1,2,3\n", "Two columns are called “name” (1 and 3)."),
        (b"a,b\n1,\x002\n", "NUL bytes"),
        (b"a,b\n1,\x81\n", "no text in UTF-8"),
        (b'a,b\n1,"x"y"\n', "a quotation mark inside a cell must be doubled"),
        (b'a,b\n1,"never closed\n', "a quotation mark inside a cell must be doubled"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "an old Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + workbook._LOCKED, "protected by a password"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b"PK\x05\x06" + b"\x00" * 18, "a ZIP file and no XLSX"),
        (",".join(f"c{n}" for n in range(201)).encode() + b"\n1\n", "more than 200 columns"),
        (b"a\n" + b"x" * (64 * 1024 + 1) + b"\n", "more than 64 KB"),
        (b"a\n" + "é".encode() * 40_000 + b"\n", "more than 64 KB"),
        (b'a\n"' + b"x" * 200_000 + b'"\n', "more than 64 KB"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(content, words):
    assert words in refusal(content)


class Endless(io.RawIOBase):
    """A file of any size that is nowhere: its first line never ends."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.place = size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        self.place = (0, self.place, self.size)[whence] + offset
        return self.place

    def readinto(self, buffer):
        count = min(len(buffer), self.size - self.place)
        buffer[:count] = b"a" * count
        self.place += count
        return count


def test_a_file_of_5_gb_is_refused_by_its_size():
    with pytest.raises(TableError, match="larger than 200 MB"):
        reading.examine(Endless(5 * 1024**3))


def test_a_line_of_5_gb_is_refused_after_4_mb():
    file = Endless(5 * 1024**3)
    with pytest.raises(TableError, match="longer than 4 MB"):
        reading.read(io.BufferedReader(file), reading.Shape("csv", "utf-8", ","))
    assert file.place < 8 * 1024**2


def test_rows_beyond_two_million(monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 3)
    assert "more than 2 million rows" in refusal(b"a\n1\n2\n3\n4\n")


# Workbooks


def test_values_of_a_workbook():
    rows = [
        ["text", "whole", "decimal", "moment", "day", "clock", "truth", "formula"],
        ["Zoë & <b>", 42, 1.1, datetime(2026, 3, 2, 10, 30), date(2026, 3, 2), time(8, 15), True, "=1+1"],
        ["  spaces\nand lines  ", 123456789012345, 0.1, None, None, None, False, None],
        ["007", -5, 1e-7, None, None, None, None, None],
    ]
    assert read(packed(rows)) == [
        rows[0],
        ["Zoë & <b>", "42", "1.1", "2026-03-02T10:30:00", "2026-03-02", "08:15:00", "true", ""],
        ["  spaces\nand lines  ", "123456789012345", "0.1", "", "", "", "false", ""],
        ["007", "-5", "0.0000001", "", "", "", "", ""],
    ]


def test_a_formula_gives_the_value_stored_with_it():
    xml = cells_xml(
        '<row r="1"><c r="A1" t="str"><v>sum</v></c></row><row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
    )
    assert read(with_sheet(xml)) == [["sum"], ["2"]]


def test_shared_strings_rich_text_and_gaps():
    strings = (
        f'<sst xmlns="{writing._MAIN}"><si><t>head</t></si><si><r><t>bo</t></r><r><t>ld</t></r>'
        "<rPh><t>hint</t></rPh></si></sst>"
    )
    xml = cells_xml('<row r="1"><c r="B1" t="s"><v>0</v></c></row><row r="9"><c r="B9" t="s"><v>1</v></c></row>')
    relation = f'<Relationship Id="s" Type="{writing._OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>'

    def change(name, text):
        if name.endswith("sheet1.xml"):
            return xml
        return text.replace("</Relationships>", relation) if name.endswith("workbook.xml.rels") else text

    content = packed([["a"]], change=change, more={"xl/strings.xml": strings})
    file = io.BytesIO(content)
    table = reading.read(file, reading.examine(file))
    assert table.header == ["Column 1", "head"]
    assert list(table.lines) == [reading.Line(9, ["", "bold"])]


def test_a_shared_string_that_is_not_there():
    xml = cells_xml('<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c t="s"><v>99</v></c></row>')
    assert "damaged" in refusal(with_sheet(xml))


def test_entities_are_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + cells_xml("<row><c><v>&b;</v></c></row>")
    assert "damaged" in refusal(with_sheet(bomb))
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + cells_xml("<row><c><v>&a;</v></c></row>")
    assert "damaged" in refusal(with_sheet(outside))


def test_the_parser_is_defusedxmls():
    assert workbook.DefusedExpatParser.__module__ == "defusedxml.expatreader"


def test_a_million_columns():
    cells = '<c t="inlineStr"><is><t>x</t></is></c>' * 300
    assert "more than 200 columns" in refusal(with_sheet(cells_xml(f"<row>{cells}</row>")))


def test_a_tag_that_never_ends():
    xml = cells_xml(f'<row><c r="{"A" * 5_000_000}"/></row>')
    assert "damaged" in refusal(with_sheet(xml))


def test_a_password_inside_the_zip():
    content = bytearray(packed([["a"], ["1"]]))
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    assert "protected by a password" in refusal(bytes(content))


def test_too_many_parts():
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        for number in range(archive.MAX_ENTRIES + 1):
            made.writestr(f"{number}", b"")
    assert "too many parts" in refusal(whole.getvalue())


def test_a_directory_that_lies_about_its_size():
    content = bytearray(packed([["a"], ["1"]]))
    at = content.rfind(b"PK\x05\x06")
    struct.pack_into("<L", content, at + 12, 2**31)
    assert "too many parts" in refusal(bytes(content))


@pytest.mark.parametrize("cut", [100, 1000, -30])
def test_a_workbook_that_is_cut_off(cut):
    assert "damaged" in refusal(packed([["a"], ["1"]])[:cut])


def test_every_flipped_byte_is_read_or_refused_in_words():
    content = packed([["a", "b"], ["1", "2"]])
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            read(bytes(damaged))
        except TableError as error:
            assert str(error)  # noqa: PT017 - most flips are harmless


def test_other_kinds_of_zip():
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", "<x/>")
    assert "OpenDocument" in refusal(whole.getvalue())


BOMB = """
import io, sys, zipfile, zlib
import django
from django.conf import settings
settings.configure(USE_I18N=False)
django.setup()
from apps.core.tables import reading
from apps.core.tables.limits import TableError
sys.path.insert(0, ".")

def workbook(fill):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet r:id="a"/></sheets></workbook>')
        made.writestr("xl/_rels/workbook.xml.rels", '<x><Relationship Id="a" Type="s/worksheet" Target="s.xml"/>'
                      '<Relationship Id="b" Type="s/sharedStrings" Target="t.xml"/></x>')
        with made.open("xl/s.xml", "w", force_zip64=True) as sheet:
            fill(sheet)
        strings = "".join(f"<si><t>{n * 2654435761 % 2**32}</t></si>" for n in range(1_000_000))
        made.writestr("xl/t.xml", "<sst>" + strings + "</sst>")
    whole.seek(0)
    return whole

def zeros(sheet):
    sheet.write(b"<worksheet><sheetData><row>")
    for _ in range(MEGABYTES):
        sheet.write(b" " * 1024 * 1024)

def columns(sheet):
    cells = b"".join(b"<c><v>%d</v></c>" % (number * 2654435761 % 2**32) for number in range(1_000_000))
    sheet.write(b"<worksheet><sheetData><row>" + cells + b"</row></sheetData></worksheet>")

MEGABYTES = int(sys.argv[1])
for fill in (zeros, columns):
    file = workbook(fill)
    try:
        table = reading.read(file, reading.examine(file))
        for line in table.lines:
            pass
        print("read")
    except TableError as error:
        print(error)
# Not ru_maxrss, which a child takes over from the process that made it.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_bombs_stay_below_300_mb():
    """In a process of its own: a sheet that inflates a thousandfold (1 GB here; it stops at 10 MB, so more would not be
    noticed), a row of a million cells, a million shared strings."""
    done = subprocess.run(
        [sys.executable, "-c", BOMB, "1000"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr == ""
    zeros, columns, megabytes = done.stdout.splitlines()
    assert "unpacks to far more" in zeros
    assert "more than 200 columns" in columns
    assert int(megabytes) < 300


# Writing

HOSTILE = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "'=x", "''=x", "-5", "+49 30 123", "+4930123456", "'", "'x", "1,5",
           "=cmd|' /C calc'!A0"]  # fmt: skip


def test_formulas_get_an_apostrophe_and_plain_numbers_do_not():
    assert [protect(text) for text in HOSTILE] == [
        "'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "''=x", "'''=x", "-5", "'+49 30 123", "+4930123456", "'", "'x",
        "1,5", "'=cmd|' /C calc'!A0",
    ]  # fmt: skip
    assert [restore(protect(text)) for text in HOSTILE] == HOSTILE


def written(form: str, rows, *, pieces: int) -> bytes:
    """Each piece from the state as it comes out of the database."""
    writer, state, content = writing.WRITERS[form], {}, b""
    size = max(1, len(rows) // pieces)
    for start in range(0, len(rows), size):
        content += writer.piece(state, rows[start : start + size])
        state = json.loads(json.dumps(state))
    return content + writer.end(state)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("pieces", [1, 3, 7])
def test_what_is_written_in_pieces_reads_back(form, pieces):
    rows = [["text", "other"], *([text, f"{number}"] for number, text in enumerate(HOSTILE))]
    found = [[restore(cell) for cell in row] for row in read(written(form, rows, pieces=pieces))]
    assert found == rows


def test_a_workbook_that_we_write_opens_elsewhere():
    content = written("xlsx", [["a", "b"], ["<&>", "zwei\nZeilen"], ["", "'"]], pieces=3)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.rows] == [["a", "b"], ["<&>", "zwei\nZeilen"], [None, "'"]]


def test_an_empty_table_can_be_written():
    for form in ("csv", "xlsx"):
        writer = writing.WRITERS[form]
        assert read(writer.piece({}, [["a"], ["1"]]) if form == "csv" else written(form, [["a"], ["1"]], pieces=1))
        assert writer.end({}) is not None


def test_xlsx_says_what_it_cannot_hold(monkeypatch):
    with pytest.raises(TableError, match="32,767"):
        writing.XlsxWriter().piece({}, [["x" * 32_768]])
    monkeypatch.setattr(writing, "MAX_XLSX_ROWS", 2)
    with pytest.raises(TableError, match="1,048,576 rows"):
        writing.XlsxWriter().piece({}, [["x"]] * 3)


def test_escapes():
    assert sheet.unescape("a_x000D_b_x005F_x0041_") == "a\rb_x0041_"
    assert [sheet.column_of(one) for one in ("A1", "Z9", "AA3", "XFD1", "7")] == [0, 25, 26, 16383, None]
    assert delimited.DELIMITERS == (",", ";", "\t", "|")
