from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.core.htmx import render
from apps.journeys.models import Journey
from apps.journeys.selectors.maps import map_page
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_MAPS)
def journey_list(request: HttpRequest) -> HttpResponse:
    journeys = Journey.objects.select_related("persona", "current_version").order_by("name", "pk")
    return render(request, "journeys/journey_list.html", {"journeys": journeys})


@require_GET
@may(Act.SEE_MAPS)
def journey_detail(request: HttpRequest, pk: int) -> HttpResponse:
    journey = get_object_or_404(Journey.objects.select_related("persona", "current_version"), pk=pk)
    page = map_page(journey) if journey.current_version else None
    return render(request, "journeys/journey_detail.html", {"journey": journey, "map": page})
