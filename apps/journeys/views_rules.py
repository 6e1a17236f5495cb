"""What reaches a step: its rule in the builder, the customers whom it finds, and whom publishing would move."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.journeys.actions import parts
from apps.journeys.forms_rules import RuleEditor
from apps.journeys.models import Journey, Step
from apps.journeys.selectors import foresight
from apps.journeys.selectors.maps import sentence
from apps.journeys.selectors.reach import reach
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

_DIALOG = "dialog-body"
_PARTIALS = {_DIALOG: "dialog", "rule-builder": "builder"}


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def step_rule(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """`op` changes the builder; so does anything that comes from inside of it. Otherwise a POST saves."""
    part = _step(pk, step)
    if request.method == "GET":
        return _editor(request, RuleEditor(part))
    editor = RuleEditor(part, typed=request.POST)
    if request.POST.get("op") or _target(request) == "rule-builder":
        return _editor(request, editor, with_reach=_target(request) != "rule-builder")
    if editor.error:
        return _editor(request, editor, status=422)
    return _save(request, editor)


def _step(pk: int, step: int) -> Step:
    return get_object_or_404(Step.objects.select_related("stage__journey"), pk=step, stage__journey=pk)


def _target(request: HttpRequest) -> str:
    return request.headers.get("HX-Target", "") if request.headers.get("HX-Request") == "true" else ""


def _editor(
    request: HttpRequest, editor: RuleEditor, *, status: int = 200, with_reach: bool = False, **more: Any
) -> HttpResponse:
    context = editor.context() | more
    if with_reach and editor.entries:
        context["reach"] = _reach(request, editor)
    return render(request, "journeys/step_rule.html", context, partials=_PARTIALS, status=status)


def _save(request: HttpRequest, editor: RuleEditor) -> HttpResponse:
    part = editor.step
    part.match = editor.entries
    try:
        parts.change(part=part, fields=["match"], revision=editor.revision, by=signed_in(request), now=timezone.now())
    except parts.Stale as stale:
        theirs = stale.theirs
        if isinstance(theirs, Step):
            editor.revision = theirs.revision  # who saves again has seen theirs
            return _editor(request, editor, status=409, stale=stale, theirs=sentence(theirs.match))
        return _editor(request, editor, status=409, stale=stale, theirs=None)
    if _target(request) == _DIALOG:
        return HttpResponse(headers={"HX-Trigger": "map-changed"})
    return redirect("map_edit", pk=part.stage.journey_id)


@require_POST
@may(Act.DESIGN)
def step_reach(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """Of the rule as it is typed."""
    editor = RuleEditor(_step(pk, step), typed=request.POST)
    context = {"reach": _reach(request, editor) if editor.entries else None}
    return render(request, "journeys/step_reach.html", context)


def _reach(request: HttpRequest, editor: RuleEditor) -> Any:
    with_names = request.user.has_perm(Act.SEE_CUSTOMERS.permission)
    return reach(editor.entries, now=timezone.now(), with_names=with_names)


@require_GET
@may(Act.DESIGN)
def publish_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What stands against publishing, and who would stand elsewhere. Some seconds of work; writes nothing."""
    journey = get_object_or_404(Journey.objects.select_related("current_version"), pk=pk)
    context = {"journey": journey, "foresight": foresight.foresee(journey, now=timezone.now())}
    partials = {"publish-preview": "preview"}
    return render(request, "journeys/publish_preview.html", context, partials=partials)
