"""Inter, as the admin's package brings it: how wide its signs are, and the font itself for those who draw with it."""

import atexit
import base64
import io
import logging
import shutil
import tempfile
import unicodedata
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600
FAMILY = "Inter, 'Segoe UI', system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif"
_FILES = {REGULAR: "Inter-Regular", MEDIUM: "Inter-Medium", SEMIBOLD: "Inter-SemiBold"}
_USUAL, _WIDE = 0.6, 1.25  # in em, of signs that Inter does not have: letters of other scripts, pictographs


def width(text: str, size: float, weight: int) -> float:
    known = _widths(weight)
    return size * sum(known.get(ord(sign)) or _guess(sign) for sign in text)


@cache
def _guess(sign: str) -> float:
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0.001
    return _WIDE if unicodedata.east_asian_width(sign) in "WF" or ord(sign) > 0xFFFF else _USUAL


@cache
def _widths(weight: int) -> dict[int, float]:
    """In em, by code point. Without fontTools, which comes with WeasyPrint, every sign is taken as usual."""
    if weight not in truetype():
        return {}
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, for who exports a drawing

    with TTFont(truetype()[weight], lazy=True) as font:
        em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        return {code: advances[glyph][0] / em for code, glyph in font.getBestCmap().items()}


@cache
def truetype() -> dict[int, Path]:
    """By weight, files for those who read no WOFF2; none without fontTools. Made once in a process."""
    try:
        from fontTools.ttLib import TTFont  # noqa: PLC0415 - the same
    except ImportError:
        return {}
    for name in ("fontTools", "weasyprint"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they tell every step
    folder = Path(tempfile.mkdtemp(prefix="milepost-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = {}
    for weight, name in _FILES.items():
        made[weight] = folder / f"{name}.ttf"
        with TTFont(str(finders.find(f"unfold/fonts/inter/{name}.woff2")), recalcTimestamp=False) as font:
            font.flavor = None
            font.save(made[weight])
    return made


def faces(text: str) -> str:
    """CSS with as much of the font as this text needs, so that a drawing looks the same everywhere; Inter's licence
    (SIL OFL) allows it."""
    return "".join(_face(weight, text) for weight in truetype())


def _face(weight: int, text: str) -> str:
    from fontTools import subset  # type: ignore[import-untyped]  # noqa: PLC0415 - the same

    # Without kerning, as it is measured.
    options = subset.Options(flavor="woff2", drop_tables=["GPOS", "GSUB", "GDEF"], hinting=False, notdef_outline=True)
    with subset.load_font(str(truetype()[weight]), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text=text)
        cutter.subset(font)
        font.flavor = "woff2"
        out = io.BytesIO()
        font.save(out)
    data = base64.b64encode(out.getvalue()).decode()
    return (
        f"@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff2;base64,{data}) format('woff2')}}"
    )
