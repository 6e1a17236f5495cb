"""A drawing for programs that read no SVG: PNG by resvg, PDF by WeasyPrint."""

import re
from math import sqrt

from django.utils.translation import gettext as _

from apps.journeys.interchange import fonts

_SCALE, _MOST_SIDE, _MOST_PIXELS = 2.0, 16_000, 100_000_000
_MOST_POINTS = 14_000  # a side of a page; readers take 14,400 at most
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


class CannotDraw(Exception):
    """The text says what is missing on this machine and how to get it."""


def size_of(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    if found is None:
        raise ValueError("no drawing of ours")
    return float(found[1]), float(found[2])


def png(svg: str) -> bytes:
    """Twice the size, less where that would be more than 16,000 pixels a side or 100 million in all."""
    import resvg_py  # noqa: PLC0415 - heavy, for who exports a picture

    wide, tall = size_of(svg)
    scale = min(_SCALE, _MOST_SIDE / wide, _MOST_SIDE / tall, sqrt(_MOST_PIXELS / (wide * tall)))
    files = [str(path) for path in fonts.truetype().values()]
    return resvg_py.svg_to_bytes(svg, width=int(wide * scale), height=int(tall * scale), font_files=files)


def pdf(svg: str) -> bytes:
    """One page as large as the drawing. Raises CannotDraw."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and an extra
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415 - the same
    except ImportError as error:
        raise CannotDraw(_("PDF needs WeasyPrint, which is not here: pip install “weasyprint>=70”.")) from error
    except OSError as error:
        raise CannotDraw(_("PDF needs Pango, which is not here: apt-get install libpangoft2-1.0-0.")) from error
    wide, tall = size_of(svg)
    scale = min(0.75, _MOST_POINTS / wide, _MOST_POINTS / tall)  # a pixel of CSS is 0.75 points
    placed = _SIZE.sub(f'width="{wide * scale:.2f}pt" height="{tall * scale:.2f}pt"', svg, count=1)
    page = f"@page{{size:{wide * scale:.2f}pt {tall * scale + 0.5:.2f}pt;margin:0}}body{{margin:0}}svg{{display:block}}"
    title = re.search(r"<title>(.*?)</title>", svg, re.DOTALL)
    said = title[1] if title else ""
    whole = f"<html><head><title>{said}</title><style>{page}{_faces()}</style></head><body>{placed}</body></html>"
    made = HTML(string=whole, url_fetcher=URLFetcher(allowed_protocols=("data", "file"))).write_pdf()
    return bytes(made or b"")


def _faces() -> str:
    return "".join(
        f"@font-face{{font-family:Inter;font-weight:{weight};src:url({path.as_uri()})}}"
        for weight, path in fonts.truetype().items()
    )
