"""A map goes out as a file, and comes in as a draft after a look at what that would change."""

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.htmx import render
from apps.journeys.actions import imports
from apps.journeys.forms_interchange import ImportForm
from apps.journeys.interchange.downloads import asked_file, attachment
from apps.journeys.interchange.raster import CannotDraw
from apps.journeys.interchange.reading import Reading
from apps.journeys.models import Journey
from apps.journeys.wire import MapError
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

EXAMPLE = """journey
    title Web shop
    section Awareness
      Sees an ad: 3: Hiker
      Reads the guide: 4: Hiker
    section Purchase
      Pays: 2: Hiker"""


@require_GET
@may(Act.SEE_MAPS)
def journey_export(request: HttpRequest, pk: int) -> HttpResponse:
    """`format` (default json) and, for a published map, `version`."""
    journey = get_object_or_404(Journey, pk=pk)
    try:
        return attachment(asked_file(journey, request.GET))
    except LookupError as error:
        return HttpResponseNotFound(str(error.args[0]), content_type="text/plain; charset=utf-8")
    except CannotDraw as error:
        toasts.error(request, str(error))
        return redirect("journey_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def journey_import(request: HttpRequest) -> HttpResponse:
    """First what it would make or change, then, with `op=import`, the import."""
    is_sent = request.method == "POST"
    form = ImportForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if not is_sent:
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    reading: Reading = form.cleaned_data["reading"]
    try:
        if request.POST.get("op") == "import":
            return _import(request, form, reading)
        return _page(request, form, reading=reading)
    except MapError as error:
        form.add_error("text", str(error))
        return _page(request, form, status=422)


def _import(request: HttpRequest, form: ImportForm, reading: Reading) -> HttpResponse:
    by = signed_in(request)
    seen = form.cleaned_data["seen"] or 0
    try:
        journey = imports.import_map(text=reading.journey, by=by, now=timezone.now(), seen=seen)
    except imports.Moved:
        words = _("Somebody has edited this map since you looked. See again what your import would change.")
        return _page(request, form, reading=reading, moved=words, status=409)
    toasts.success(request, _("%(journey)s is imported. Its draft waits to be published.") % {"journey": journey})
    return redirect("map_edit", pk=journey.pk)


def _page(
    request: HttpRequest, form: ImportForm, *, reading: Reading | None = None, moved: str = "", status: int = 200
) -> HttpResponse:
    preview = imports.try_out(text=reading.journey) if reading else None
    context = {
        "form": form,
        "preview": preview,
        "remarks": reading.remarks if reading else [],
        "moved": moved,
        "mermaid_example": EXAMPLE,
    }
    return render(request, "journeys/journey_import.html", context, status=status)
