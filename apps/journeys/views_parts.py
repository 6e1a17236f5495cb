"""Stages, steps, lanes and cards of a draft: one page and fragment for each act, whatever the kind."""

from typing import Any

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.journeys.actions import edits, moving, parts
from apps.journeys.answers import answer, conflict, is_fragment
from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.forms_parts import FEELINGS, CardForm, LaneForm, PartForm, StageForm, StepForm
from apps.journeys.models import Card, Journey, Lane, Stage, Step
from apps.journeys.selectors import edits as done
from apps.journeys.selectors import parts as selectors
from apps.journeys.selectors.editor import cell, lanes_for, places
from apps.journeys.selectors.parts import Part
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

FORMS: dict[str, type[PartForm]] = {"stage": StageForm, "step": StepForm, "lane": LaneForm, "card": CardForm}
NEW = {
    "stage": gettext_lazy("New stage"), "step": gettext_lazy("New step"), "lane": gettext_lazy("New lane"),
    "card": gettext_lazy("New card"),
}  # fmt: skip

SIDEWAYS = [(moving.LEFT, gettext_lazy("Move left")), (moving.RIGHT, gettext_lazy("Move right"))]
UPWARDS = [(moving.UP, gettext_lazy("Move up")), (moving.DOWN, gettext_lazy("Move down"))]


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def part_create(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Where it goes stands in the address: `stage` for a step, `step` and `lane` for a card; `place` among them."""
    journey = get_object_or_404(Journey, pk=pk)
    part = _new(request, journey, kind)
    if request.method == "GET":
        return _form(request, journey, FORMS[kind](instance=part, is_inline=_is_inline(request)))
    form = FORMS[kind](request.POST, request.FILES, instance=part, is_inline=_is_inline(request))
    if not form.is_valid():
        return _form(request, journey, form, status=422)
    place = request.GET.get("place", "")
    at = int(place) if place.isdecimal() and len(place) < 6 else None
    try:
        parts.add(part=part, place=at, by=signed_in(request), now=timezone.now())
    except edits.Conflict as taken:
        form.add_error(None, str(taken))
        return _form(request, journey, form, status=422)
    return _answer(request, journey, part)


def _new(request: HttpRequest, journey: Journey, kind: str) -> Part:
    if kind == "stage":
        return Stage(journey=journey, kind=StageKind.USE)
    if kind == "lane":
        return Lane(journey=journey, kind=LaneKind.NOTE)
    if kind == "step":
        return Step(stage=_named(request, "stage", journey))
    if kind == "card":
        return _place(request, journey)
    raise Http404


def _cell_lane(request: HttpRequest, journey: Journey) -> Lane:
    """A lane with cells: a curve has points."""
    lane: Lane = _named(request, "lane", journey)
    if lane.kind == LaneKind.EMOTION:
        raise Http404
    return lane


def _place(request: HttpRequest, journey: Journey) -> Card:
    """A new card in its cell, or the one point of a step on a curve."""
    card = Card(step=_named(request, "step", journey), lane=_named(request, "lane", journey))
    if _is_point(card) and selectors.point(step=card.step, lane=card.lane) is not None:
        raise Http404
    return card


def _named(request: HttpRequest, kind: str, journey: Journey) -> Any:
    said = request.POST.get(kind) or request.GET.get(kind, "")
    if not said.isdecimal() or len(said) > 18:
        raise Http404
    return _part(journey, kind, int(said))


def _part(journey: Journey, kind: str, pk: int) -> Any:
    rows = selectors.of_kind(kind, journey_id=journey.pk)
    if rows is None:
        raise Http404
    return get_object_or_404(rows, pk=pk)


def _found(journey: Journey, kind: str, pk: int) -> Any:
    """None for what was there once; 404 for what never was."""
    rows = selectors.of_kind(kind, journey_id=journey.pk)
    if rows is None:
        raise Http404
    part = selectors.one(rows, pk)
    if part is None and not done.has_had(journey_id=journey.pk, kind=kind, pk=pk):
        raise Http404
    return part


def _gone(request: HttpRequest, journey: Journey) -> HttpResponse:
    """Somebody else has deleted it: the map as it is now, and what was typed to copy."""
    typed = request.POST.get("text") or request.POST.get("name")
    words = {"typed": typed or ""}
    said = _("Somebody else has deleted this meanwhile.")
    toasts.error(request, said + " " + _("You had written: “%(typed)s”") % words if typed else said)
    return answer(request, journey, focus="map")


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def part_edit(request: HttpRequest, pk: int, kind: str, part: int) -> HttpResponse:
    """In place only its name or text; in the dialog, and as a page, everything."""
    journey = get_object_or_404(Journey, pk=pk)
    found = _found(journey, kind, part)
    if found is None:
        return _gone(request, journey)
    is_inline = _is_inline(request)
    if request.method == "GET":
        return _form(request, journey, FORMS[kind](instance=found, is_inline=is_inline))
    form = FORMS[kind](request.POST, request.FILES, instance=found, is_inline=is_inline)
    if not form.is_valid():
        return _form(request, journey, form, status=422)
    revision = form.cleaned_data["revision"] or 0
    try:
        parts.change(part=found, fields=form.own_fields, revision=revision, by=signed_in(request), now=timezone.now())
    except parts.Stale as stale:
        return _conflict(request, journey, form, stale)
    except edits.Conflict as taken:
        form.add_error(None, str(taken))
        return _form(request, journey, form, status=422)
    return _answer(request, journey, found)


@require_POST
@may(Act.DESIGN)
def part_delete(request: HttpRequest, pk: int, kind: str, part: int) -> HttpResponse:
    """With all that stands in it. Can be taken back."""
    journey = get_object_or_404(Journey, pk=pk)
    found = _found(journey, kind, part)
    if found is None:
        return _gone(request, journey)
    revision = _revision(request)
    try:
        parts.delete(part=found, revision=revision, by=signed_in(request), now=timezone.now())
    except parts.Stale as stale:
        form = FORMS[kind](_as_typed(found, revision), instance=found)
        form.is_valid()
        return _conflict(request, journey, form, stale)
    cells = [(found.step, found.lane)] if isinstance(found, Card) else []
    return answer(request, journey, cells=cells, focus=_near(found))


def _revision(request: HttpRequest) -> int:
    said = request.POST.get("revision", "")
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def _conflict(request: HttpRequest, journey: Journey, form: PartForm, stale: parts.Stale) -> HttpResponse:
    context = _context(journey, form)
    return conflict(request, "journeys/part_form.html", form, stale, context, partials=_partials(request))


def _as_typed(part: Part, revision: int) -> dict[str, Any]:
    """The form of a part as it stands, as if it had been sent."""
    form = FORMS[selectors.kind_of(part)](instance=part)
    return {name: form[name].value() for name in form.fields if form[name].value() is not None} | {"revision": revision}


@require_POST
@may(Act.DESIGN)
def part_duplicate(request: HttpRequest, pk: int, kind: str, part: int) -> HttpResponse:
    journey = get_object_or_404(Journey, pk=pk)
    found = _found(journey, kind, part)
    if found is None:
        return _gone(request, journey)
    if _is_point(found):
        raise Http404
    try:
        made = parts.duplicate(part=found, by=signed_in(request), now=timezone.now())
    except parts.Stale:
        return _gone(request, journey)
    return _answer(request, journey, made)


@require_POST
@may(Act.DESIGN)
def part_move(request: HttpRequest, pk: int, kind: str, part: int) -> HttpResponse:
    """`direction` (an arrow key), or `place` with the `stage`, or the `step` and `lane`, to move to."""
    journey = get_object_or_404(Journey, pk=pk)
    found = _found(journey, kind, part)
    if found is None:
        return _gone(request, journey)
    if _is_point(found):
        raise Http404
    before = (found.step, found.lane) if isinstance(found, Card) else None
    try:
        _move(request, journey, found)
    except parts.Stale:
        return _gone(request, journey)
    cells = [before, (found.step, found.lane)] if before is not None else []
    return answer(request, journey, cells=cells, focus=_element(found))


def _is_point(part: Part) -> bool:
    return isinstance(part, Card) and part.lane.kind == LaneKind.EMOTION


def _move(request: HttpRequest, journey: Journey, found: Any) -> None:
    direction = request.POST.get("direction", "")
    if direction in moving.DIRECTIONS:
        moving.shift(part=found, direction=direction, by=signed_in(request), now=timezone.now())
    else:
        for owner in ("stage", "step", "lane"):
            if request.POST.get(owner) and hasattr(found, f"{owner}_id"):
                setattr(
                    found, owner, (_cell_lane(request, journey) if owner == "lane" else _named(request, owner, journey))
                )
        place = request.POST.get("place", "")
        at = int(place) if place.isdecimal() and len(place) < 6 else 1_000_000
        parts.move(part=found, place=at, by=signed_in(request), now=timezone.now())


@require_POST
@may(Act.DESIGN)
def emotion_set(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """The emotion of a step, on the journey's curve or, with `lane`, on that of a persona. From the slider."""
    journey = get_object_or_404(Journey, pk=pk)
    found = _part(journey, "step", step)
    value = _emotion(request.POST.get("emotion", ""))
    if value is None:
        return HttpResponseBadRequest(_("An emotion is a number from −2 to +2."))
    lane = _named(request, "lane", journey) if request.POST.get("lane") else None
    if lane is not None and lane.kind != LaneKind.EMOTION:
        raise Http404
    by, now = signed_in(request), timezone.now()
    try:
        parts.set_emotion(step=found, lane=lane, value=value, revision=_revision(request), by=by, now=now)
    except parts.Stale as stale:
        toasts.error(request, _("%(problem)s The map shows it as it is now.") % {"problem": stale})
    return answer(request, journey, focus=f"emotion-{step}-{lane.pk if lane else 0}")


def _emotion(said: str) -> float | None:
    try:
        value = round(float(said), 1)
    except ValueError:
        return None
    return value if -2 <= value <= 2 else None


@require_GET
@may(Act.DESIGN)
def cell_detail(request: HttpRequest, pk: int, step: int, lane: int) -> HttpResponse:
    """One cell as it stands: what Cancel gives back."""
    journey = get_object_or_404(Journey, pk=pk)
    shown = cell(step=_part(journey, "step", step), lane=_part(journey, "lane", lane))
    return render(request, "journeys/map_cell.html", {"journey": journey, "cell": shown})


def _answer(request: HttpRequest, journey: Journey, part: Part) -> HttpResponse:
    cells = [(part.step, part.lane)] if isinstance(part, Card) else []
    return answer(request, journey, cells=cells, focus=_element(part))


def _element(part: Part) -> str:
    return f"{selectors.kind_of(part)}-{part.pk}"


def _near(part: Part) -> str:
    """What is in hand when this is gone."""
    return f"cell-{part.step_id}-{part.lane_id}" if isinstance(part, Card) and not _is_point(part) else "map"


def _is_inline(request: HttpRequest) -> bool:
    return is_fragment(request) and request.headers.get("HX-Target") != "dialog-body"


def _partials(request: HttpRequest) -> dict[str, str]:
    """In place, in the dialog, or as a page."""
    target = request.headers.get("HX-Target", "")
    return {target: "inline" if _is_inline(request) else "dialog"}


def _context(journey: Journey, form: PartForm) -> dict[str, Any]:
    kind = selectors.kind_of(form.instance)
    is_point = _is_point(form.instance)
    title = _("Edit “%(what)s”") % {"what": form.instance} if form.instance.pk else NEW[kind]
    return {
        "journey": journey,
        "form": form,
        "part": form.instance,
        "kind": kind,
        "title": title,
        "feelings": FEELINGS,
        "is_point": is_point,
        "places": places(journey) if kind in {"card", "step"} and form.instance.pk and not is_point else None,
        "lanes": lanes_for(form.instance) if kind == "card" else None,
        "directions": SIDEWAYS if kind != "lane" else UPWARDS,
    }


def _form(request: HttpRequest, journey: Journey, form: PartForm, *, status: int = 200) -> HttpResponse:
    partials = _partials(request)
    return render(request, "journeys/part_form.html", _context(journey, form), partials=partials, status=status)
