"""What both the page and the API answer with when a map is asked for as a file."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from apps.journeys.interchange.formats import FORMATS, File, file_of
from apps.journeys.models import Journey
from apps.journeys.selectors.exports import state_of, text_of


def asked_file(journey: Journey, query: Mapping[str, str]) -> File:
    """Raises LookupError with words, raster.CannotDraw."""
    name, version = query.get("format", "json"), query.get("version", "")
    if name not in FORMATS:
        words = {"name": name[:20], "known": ", ".join(FORMATS)}
        raise LookupError(_("There is no format “%(name)s”. Use one of: %(known)s.") % words)
    number = int(version) if version.isdecimal() and version.isascii() and len(version) < 9 else None
    text = None if version and number is None else text_of(journey, number)
    if text is None:
        raise LookupError(_("There is no version “%(version)s” of this map.") % {"version": version[:20]})
    return file_of(text, state=state_of(number), format_name=name)


def attachment(file: File) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=file.name) or "attachment"
    headers = {"Content-Disposition": disposition}
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)
