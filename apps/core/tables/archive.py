"""The zip around an XLSX, which may be hostile: what it claims is checked before it is believed, and what comes out is
counted while it is inflated."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from apps.core.tables.limits import TableError

MAX_ENTRIES = 2000
MAX_DIRECTORY_BYTES = 1024 * 1024
MAX_RATIO = 200
_RATIO_FROM_BYTES = 10 * 1024 * 1024
_BLOCK = 64 * 1024
_END, _END_64_LOCATOR, _END_64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError) as error:
        raise broken() from error
    for entry in archive.infolist():
        if entry.flag_bits & 1:
            raise TableError(_("The file is protected by a password. Save a copy without one."))
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise broken()
    return archive


def _check_directory(file: IO[bytes]) -> None:
    """zipfile reads the whole directory into memory, so its size is looked at first."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 65_557)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise broken()
    entries, length = struct.unpack_from("<HL", tail, at + 10)
    if tail[at - 20 : at - 16] == _END_64_LOCATOR and at >= 20:
        (offset,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(offset, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(_END_64):
            raise broken()
        entries, length = struct.unpack_from("<QQ", record, 32)
    if entries > MAX_ENTRIES or length > MAX_DIRECTORY_BYTES:
        raise TableError(_("The workbook has too many parts. Copy the sheet into a new workbook, or save it as CSV."))


def blocks(archive: zipfile.ZipFile, name: str, *, most: int) -> Iterator[bytes]:
    """What the entry holds. `most`: bytes it may inflate to."""
    try:
        entry = archive.getinfo(name)
        with archive.open(entry) as stream:
            taken = 0
            while block := stream.read(_BLOCK):
                taken += len(block)
                _check_inflated(taken, most=most, packed=entry.compress_size)
                yield block
    except TableError:
        raise
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, struct.error) as error:
        raise broken() from error


def _check_inflated(taken: int, *, most: int, packed: int) -> None:
    if taken > most or (taken > _RATIO_FROM_BYTES and taken > MAX_RATIO * max(1, packed)):
        raise TableError(_("The workbook unpacks to far more than it should. Save the sheet as CSV."))


def broken() -> TableError:
    return TableError(_("The workbook is damaged, or is no XLSX. Open it, save it as XLSX or CSV, and try again."))
