from django.utils.translation import gettext as _

MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_ROWS = 2_000_000
MAX_COLUMNS = 200
MAX_CELL_BYTES = 64 * 1024
MAX_LINE_CHARACTERS = 4 * 1024 * 1024


class TableError(ValueError):
    """The file cannot be read; the text says why and what to do, for the person who brought it."""


def check_size(size: int) -> None:
    if size == 0:
        raise TableError(_("The file is empty."))
    if size > MAX_FILE_BYTES:
        raise TableError(_("The file is larger than 200 MB. Split it and import the parts one after the other."))


def check_cell(text: str, *, row: int) -> None:
    # A character is at most four bytes.
    if len(text) * 4 > MAX_CELL_BYTES and len(text.encode(errors="replace")) > MAX_CELL_BYTES:
        raise TableError(_("Row %(row)d has a cell of more than 64 KB. Shorten it.") % {"row": row})


def too_many_columns() -> TableError:
    return TableError(_("The table has more than 200 columns. Leave out those that you do not need."))


def too_many_rows() -> TableError:
    return TableError(_("The table has more than 2 million rows. Split it and import the parts one after the other."))
