"""A new map, and a draft thrown away."""

from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.htmx import render
from apps.journeys import wire
from apps.journeys.actions import creating
from apps.journeys.forms_creating import COPY, NewMapForm
from apps.journeys.models import Journey
from apps.journeys.selectors import starting
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def journey_create(request: HttpRequest) -> HttpResponse:
    """`start` and `of` in the address choose for the reader."""
    asked = {"start": request.GET.get("start", "set:five"), "of": request.GET.get("of", "")}
    form = NewMapForm(request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            journey = _create(form.cleaned_data, by=signed_in(request), now=timezone.now())
        except creating.NameTaken as error:
            form.add_error("name", str(error))
        except wire.MapError as error:
            form.add_error("of", _("Its draft is not complete: %(why)s") % {"why": error})
        else:
            toasts.success(
                request, _("%(journey)s is made. It is a draft until you publish it.") % {"journey": journey}
            )
            return redirect("map_edit", pk=journey.pk)
    context = {"form": form, "sets": starting.set_previews(), "templates": starting.template_previews()}
    return render(request, "journeys/journey_create.html", context, status=422 if request.method == "POST" else 200)


def _create(given: dict[str, Any], **common: Any) -> Journey:
    kind, _colon, key = given["start"].partition(":")
    common["name"] = given["name"]
    if kind == "set":
        return creating.from_set(key=key, **common)
    if kind == "template":
        return creating.from_template(key=key, **common)
    if kind == COPY and given["is_variant"]:
        return creating.variant(of=given["of"], segment=given["segment"], persona=given["persona"], **common)
    if kind == COPY:
        return creating.copy(of=given["of"], **common)
    return creating.empty(**common)


@require_POST
@may(Act.DESIGN)
def journey_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft that was never published."""
    journey = get_object_or_404(Journey, pk=pk)
    try:
        creating.delete(journey=journey)
    except creating.Refused as error:
        toasts.error(request, str(error))
        return redirect("journey_detail", pk=pk)
    toasts.success(request, _("%(journey)s is deleted.") % {"journey": journey})
    return redirect("journey_list")
