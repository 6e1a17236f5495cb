"""The editor of a map: the page, taking back and doing again, the scope, pictures, what others did."""

from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.journeys.actions import edits, parts
from apps.journeys.answers import conflict, is_fragment, whole_map
from apps.journeys.forms_parts import FEELINGS, JourneyForm
from apps.journeys.models import Journey, MapImage
from apps.journeys.selectors import edits as done
from apps.journeys.selectors.editor import editor
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in


@require_GET
@may(Act.DESIGN)
@cache_control(no_store=True)
def map_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The ruled grid of the draft; `as=list` gives what a phone shows."""
    rows = Journey.objects.select_related("persona", "owner", "current_version").defer("current_version__snapshot")
    journey = get_object_or_404(rows, pk=pk)
    context = {
        "journey": journey,
        "map": editor(journey),
        "tools": done.tools(journey_id=pk, by=signed_in(request)),
        "feelings": FEELINGS,
    }
    if request.GET.get("as") == "list":
        if is_fragment(request):
            return render(request, "journeys/map_edit_list.html", context)
        context |= {"as_list": True, "as_page": True}
    return render(request, "journeys/map_edit.html", context, partials={"map": "map"})


@require_POST
@may(Act.DESIGN)
def map_undo(request: HttpRequest, pk: int) -> HttpResponse:
    return _turned(request, get_object_or_404(Journey, pk=pk), edits.undo, _("Taken back: %(what)s"))


@require_POST
@may(Act.DESIGN)
def map_redo(request: HttpRequest, pk: int) -> HttpResponse:
    return _turned(request, get_object_or_404(Journey, pk=pk), edits.redo, _("Done again: %(what)s"))


def _turned(request: HttpRequest, journey: Journey, act: Any, said: str) -> HttpResponse:
    try:
        found = act(journey_id=journey.pk, by=signed_in(request), now=timezone.now())
    except edits.NothingToDo as error:
        toasts.info(request, str(error))
    except edits.Conflict as error:
        toasts.error(request, str(error))
    else:
        toasts.success(request, said % {"what": found.label})
    return whole_map(request, journey, focus="map")


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def journey_scope(request: HttpRequest, pk: int) -> HttpResponse:
    """Persona, goal, beginning, middle, end, expectations, owner, review date, silence."""
    journey = get_object_or_404(Journey, pk=pk)
    form = JourneyForm(request.POST or None, instance=journey)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            by, revision = signed_in(request), form.cleaned_data["revision"] or 0
            try:
                parts.change_journey(
                    journey=journey, fields=form.own_fields, revision=revision, by=by, now=timezone.now()
                )
            except parts.Stale as stale:
                return conflict(request, "journeys/journey_scope.html", form, stale, {"journey": journey})
            toasts.success(request, _("The scope is saved."))
            return redirect("map_edit", pk=pk)
        status = 422
    return render(request, "journeys/journey_scope.html", {"journey": journey, "form": form}, status=status)


@require_GET
@may(Act.DESIGN)
def map_news(request: HttpRequest, pk: int) -> HttpResponse:
    """What others did since the edit that `after` names; the page asks every few seconds."""
    after = request.GET.get("after", "")
    number = int(after) if after.isdecimal() and len(after) < 19 else 0
    news = done.by_others(journey_id=pk, by=signed_in(request), after=number)
    return render(request, "journeys/map_news.html", {"journey_id": pk, "after": number, "news": news})


@require_GET
@may(Act.SEE_MAPS)
@cache_control(private=True, max_age=31_536_000, immutable=True)
def map_image(_request: HttpRequest, digest: str) -> HttpResponse:
    """Its address is its content, so a browser asks once."""
    image = get_object_or_404(MapImage, digest=digest)
    return HttpResponse(bytes(image.content), content_type=image.content_type)
