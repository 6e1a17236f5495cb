"""Numbers of a sheet as the text that a person sees: 1.1 and not 1.1000000000000001, days as ISO 8601."""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
# Ids that Excel in other languages uses for dates; openpyxl knows the others.
_LOCAL_DATES = {*range(27, 37), *range(50, 59)}


class Reader:
    def __init__(self, formats: list[int | str], *, is_1904: bool) -> None:
        self._kinds = [_kind(one) for one in formats]
        self._epoch = MAC_EPOCH if is_1904 else WINDOWS_EPOCH

    def text(self, raw: str, style: int) -> str:
        raw = raw.strip()
        kind = self._kinds[style] if style < len(self._kinds) else ""
        if not _FLOAT.fullmatch(raw):
            return raw
        if not kind:
            return plain(raw)
        try:
            return self._moment(float(raw), kind)
        except (ValueError, OverflowError):
            return plain(raw)

    def _moment(self, value: float, kind: str) -> str:
        found = from_excel(value, self._epoch, timedelta=kind == "span")
        if isinstance(found, timedelta):
            return plain(repr(found.total_seconds()))
        if isinstance(found, time):
            return found.isoformat()
        moment: datetime = found
        return moment.date().isoformat() if kind == "day" and moment.time() == time() else moment.isoformat()


def plain(raw: str) -> str:
    if _PLAIN.fullmatch(raw):
        return raw
    value = float(raw)
    if value in {float("inf"), float("-inf")}:
        return raw
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _kind(number_format: int | str) -> str:
    """`day`, `moment`, `span`, or "" for what is no time."""
    if number_format in _LOCAL_DATES:
        return "day"
    code = BUILTIN_FORMATS.get(number_format, "") if isinstance(number_format, int) else number_format
    if is_timedelta_format(code):
        return "span"
    if not is_date_format(code):
        return ""
    return "moment" if re.search(r"[hs]", code.split(";")[0].lower()) else "day"
