"""The link by which anybody may answer a survey, as an address, as a QR code and as a script for web sites."""

import io
from dataclasses import dataclass

import segno
from django.conf import settings

from apps.core import links
from apps.feedback.models import Survey


@dataclass(frozen=True)
class OpenLink:
    """`script`: the line that a web page takes in."""

    token: str
    url: str
    script: str


def of(survey: Survey) -> OpenLink:
    token = links.sign("open_survey", survey.pk)
    script = f'<script src="{settings.PUBLIC_URL}/survey.js" data-survey="{token}" defer></script>'
    return OpenLink(token, f"{settings.PUBLIC_URL}/s/open/{token}", script)


def as_svg(url: str) -> bytes:
    """Error level M, and the quiet zone of four modules that readers want, white in any theme."""
    out = io.BytesIO()
    segno.make(url, micro=False, error="m").save(out, kind="svg", border=4, dark="#000", light="#fff", omitsize=True)
    return out.getvalue()


def as_png(url: str) -> bytes:
    """About 500 pixels: sharp at 4 cm in print."""
    out = io.BytesIO()
    segno.make(url, micro=False, error="m").save(out, kind="png", border=4, scale=10, dark="#000", light="#fff")
    return out.getvalue()
