"""A map that somebody brings, as JSON or Mermaid; which of the two says the text itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.journeys import wire
from apps.journeys.interchange import mermaid_reading
from apps.journeys.wire import JourneyText, MapError

MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Reading:
    journey: JourneyText
    remarks: list[str] = field(default_factory=list)


def decoded(content: bytes) -> str:
    """A file's text. Raises MapError."""
    if len(content) > MOST_BYTES:
        raise MapError(_("The file is larger than 2 MB. Take pictures out of it, or import them by hand."))
    marks = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    try:
        return content.decode(marks.get(content[:2], "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MapError(_("The file is not text in UTF-8. Save it as UTF-8, then try again.")) from error


def read(text: str) -> Reading:
    """Raises MapError, which says where and how to mend it."""
    if len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES:
        raise MapError(_("The text is larger than 2 MB."))
    if "\x00" in text:
        raise MapError(_("The text holds the character NUL, which cannot be kept. Take it out."))
    if not text.strip():
        raise MapError(_("The text is empty."))
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[", '"')):
        data, remarks = mermaid_reading.read(text)
        return Reading(_checked(data), remarks)
    try:
        return Reading(_checked(orjson.loads(text.removeprefix("\ufeff"))))
    except orjson.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        raise MapError(_("Line %(line)d, place %(column)d: this is not valid JSON: %(problem)s.") % where) from error


def _checked(data: Any) -> JourneyText:
    for part in _parts(data):
        for name in ("was", "key", "alternative_to", "step", "lane"):
            if not isinstance(part.get(name), str | None):
                raise MapError(_("“%(name)s” must be a text.") % {"name": name})
    return wire.read(data)


def _parts(data: Any) -> Iterator[dict[str, Any]]:
    """Stages, steps and cards, as far as they are what they should be."""
    stages = _dicts(data, "stages")
    yield from stages
    for stage in stages:
        yield from _dicts(stage, "steps")
    yield from _dicts(data, "cards")


def _dicts(data: Any, name: str) -> list[dict[str, Any]]:
    found = data.get(name) if isinstance(data, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
