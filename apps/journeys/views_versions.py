from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import render
from apps.journeys import wire
from apps.journeys.actions import publishing, restoring
from apps.journeys.models import Journey, MapVersion
from apps.journeys.selectors import foresight, versions
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in


@require_GET
@may(Act.SEE_MAPS)
def version_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Every published version, and what publishing the draft would change."""
    journey = get_object_or_404(Journey.objects.select_related("current_version__job"), pk=pk)
    rows = journey.versions.select_related("published_by", "job").order_by("-number")[:200]
    draft = export_text(journey, with_keys=True)
    current = journey.current_version
    changes = versions.compare(current.snapshot, draft) if current else None
    context = {
        "journey": journey,
        "rows": list(rows),
        "changes": changes,
        "objections": [] if changes == [] else foresight.objections(journey, draft),
        "job": current.job if current and current.job and not current.job.is_finished else None,
    }
    return render(request, "journeys/version_list.html", context)


@require_GET
@may(Act.SEE_MAPS)
def version_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """`from` and `to` are version numbers or "draft"; without them the last two. `show=all`: also what is the same."""
    journey = get_object_or_404(Journey, pk=pk)
    numbers = list(journey.versions.order_by("-number").values_list("number", flat=True)[:200])
    choices = ["draft", *map(str, numbers)]
    if not numbers:
        return redirect("version_list", pk=pk)
    new = _chosen(choices, request.GET.get("to", ""), 1 if len(numbers) > 1 else 0)
    old = _chosen(choices, request.GET.get("from", ""), 2 if len(numbers) > 1 else 1)
    shows_all = request.GET.get("show") == "all"
    blocks = versions.side_by_side(_snapshot(journey, old), _snapshot(journey, new))
    context = {
        "journey": journey,
        "choices": choices,
        "old": old,
        "new": new,
        "shows_all": shows_all,
        "blocks": blocks if shows_all else versions.changed_only(blocks),
        "count": sum(bool(line.mark) for block in blocks for line in block.lines),
    }
    return render(request, "journeys/version_compare.html", context)


def _chosen(choices: list[str], said: str, place: int) -> str:
    return said if said in choices else choices[place]


def _snapshot(journey: Journey, choice: str) -> versions.Snapshot:
    if choice == "draft":
        return export_text(journey, with_keys=True)
    snapshot: versions.Snapshot = journey.versions.get(number=int(choice)).snapshot
    return snapshot


@require_POST
@may(Act.DESIGN)
def version_restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The draft is that version from now on; what customers go by stays."""
    version = get_object_or_404(MapVersion, journey=pk, number=number)
    try:
        restoring.restore(version=version, by=signed_in(request), now=timezone.now())
    except wire.MapError as error:
        toasts.error(request, str(error))
        return redirect("version_list", pk=pk)
    words = {"number": number}
    toasts.success(request, _("The draft is version %(number)s now. The map's editor can take that back.") % words)
    return redirect("version_list", pk=pk)


@require_POST
@may(Act.DESIGN)
def journey_publish(request: HttpRequest, pk: int) -> HttpResponse:
    journey = get_object_or_404(Journey, pk=pk)
    try:
        version = publishing.publish(journey=journey, now=timezone.now(), by=signed_in(request))
    except (wire.MapError, publishing.Refused) as error:
        toasts.error(request, str(error))
        return redirect("version_list", pk=pk)
    words = {"journey": journey, "number": version.number}
    toasts.success(request, _("Version %(number)s of %(journey)s is published.") % words)
    return redirect("job_detail", pk=version.job_id)
