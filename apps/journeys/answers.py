"""What the editor answers after an act: the cells that changed, or the whole map, each put in its place by its id; the
tools beside them. Without JavaScript the editor's page again."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.htmx import render
from apps.journeys.actions.parts import Stale
from apps.journeys.enums import LaneKind
from apps.journeys.models import Journey, Lane, Step
from apps.journeys.selectors import edits as done
from apps.journeys.selectors.editor import cell, editor
from apps.staff.permissions import signed_in


def is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def answer(
    request: HttpRequest, journey: Journey, *, cells: Iterable[tuple[Step, Lane]] = (), focus: str = ""
) -> HttpResponse:
    """`focus` is the id of the element that is in hand now. The points of a curve are no cells: the whole map."""
    if not is_fragment(request):
        return redirect("map_edit", pk=journey.pk)
    places = dict.fromkeys(place for place in cells if place[1].kind != LaneKind.EMOTION)
    context: dict[str, Any] = {
        "journey": journey,
        "tools": done.tools(journey_id=journey.pk, by=signed_in(request)),
        "cells": [cell(step=step, lane=lane) for step, lane in places],
        "map": None if places else editor(journey),
    }
    response = render(request, "journeys/map_answer.html", context)
    response["HX-Reswap"] = "none"
    response["HX-Trigger-After-Swap"] = json.dumps({"map-edited": {"focus": focus}})
    return response


def whole_map(request: HttpRequest, journey: Journey, *, focus: str = "") -> HttpResponse:
    return answer(request, journey, focus=focus)


def conflict(
    request: HttpRequest,
    template: str,
    form: "ModelForm[Any]",
    stale: Stale,
    context: Mapping[str, Any],
    *,
    partials: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Both are shown: what stands there now, and what was typed, which a second Save writes over it."""
    data: Any = form.data
    form.data = typed = data.copy()
    if stale.theirs is not None:
        typed["revision"] = str(stale.theirs.revision)
    names = [name for name in form.fields if name not in {"revision", "picture"}]
    theirs = [(form[name].label, _shown(stale.theirs, name)) for name in names] if stale.theirs is not None else []
    mine = {form[name].label: _shown(form.instance, name) for name in names}
    differing = [(label, value, mine[label]) for label, value in theirs if value != mine[label]]
    said = {**context, "form": form, "stale": stale, "differing": differing}
    return render(request, template, said, partials=partials, status=409)


def _shown(row: models.Model, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return "" if value is None else str(value)
