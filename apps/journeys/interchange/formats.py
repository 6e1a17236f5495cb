"""The formats that a map goes out in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.journeys.interchange import drawing, mermaid, raster, tables

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

type Text = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """`write` takes a journey in the JSON of the import and the words for which map of it that is."""

    label: "StrOrPromise"
    content_type: str
    ending: str
    write: Callable[[Text, str], bytes]


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes


def _json(text: Text, _state: str) -> bytes:
    return (json.dumps(text, ensure_ascii=False, indent=2) + "\n").encode()


FORMATS = {
    "json": Format(_("JSON, to import again"), "application/json", "json", _json),
    "mermaid": Format(
        _("Mermaid diagram"), "text/vnd.mermaid", "mmd", lambda text, _state: mermaid.write(text).encode()
    ),
    "csv": Format(_("CSV, a row for each card"), "text/csv", "csv", lambda text, _state: tables.write(text)),
    "svg": Format(
        _("SVG drawing"), "image/svg+xml", "svg", lambda text, state: drawing.write(text, state=state).encode()
    ),
    "png": Format(_("PNG picture"), "image/png", "png", lambda text, state: raster.png(_drawn(text, state))),
    "pdf": Format(_("PDF, one page"), "application/pdf", "pdf", lambda text, state: raster.pdf(_drawn(text, state))),
}


def _drawn(text: Text, state: str) -> str:
    return drawing.write(text, state=state, with_fonts=False)


def file_of(text: Text, *, state: str, format_name: str) -> File:
    """Raises raster.CannotDraw where a PDF is wanted and cannot be made here."""
    chosen = FORMATS[format_name]
    name = slugify(f"{text['name'][:80]} {state}", allow_unicode=True) or "map"
    charset = "; charset=utf-8" if chosen.content_type.startswith("text/") else ""
    return File(f"{name}.{chosen.ending}", chosen.content_type + charset, chosen.write(text, state))
