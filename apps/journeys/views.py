from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.core.htmx import render
from apps.journeys.models import Journey
from apps.journeys.selectors import listing
from apps.journeys.selectors.reading import map_page
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_MAPS)
def journey_list(request: HttpRequest) -> HttpResponse:
    return render(request, "journeys/journey_list.html", {"rows": listing.rows()})


@require_GET
@may(Act.SEE_MAPS)
def journey_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The published map; of one that was never published the draft, to read only."""
    journey = get_object_or_404(Journey.objects.select_related("persona", "owner", "current_version"), pk=pk)
    context = {"journey": journey, "map": map_page(journey)}
    return render(request, "journeys/journey_detail.html", context, partials={"map-read": "map"})
