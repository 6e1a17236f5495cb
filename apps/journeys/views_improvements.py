"""What to mend first, over all maps."""

from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.htmx import render
from apps.journeys.actions import parts
from apps.journeys.forms_improvements import ChangeForm, FilterForm
from apps.journeys.selectors import improvements as selectors
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

PAGE = 50


@require_GET
@may(Act.SEE_MAPS)
def improvement_list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    filters = form.filters()
    page = selectors.improvement_page(filters, now=timezone.now(), shown=_shown(request))
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "most": selectors.MOST,
        "next_url": _with(request, shown=page.shown + PAGE) if page.has_more else None,
        "sorts": {name: _with(request, sort=name) for name in selectors.SORTS},
        "query": request.GET.urlencode(),
    }
    return render(request, "journeys/improvement_list.html", context, partials={"improvements": "list"})


@require_GET
@may(Act.SEE_MAPS)
def improvement_matrix(request: HttpRequest) -> HttpResponse:
    """Opportunities by effort and impact."""
    form = FilterForm(request.GET)
    filters = form.filters()
    context = {
        "form": form,
        "filters": filters,
        "matrix": selectors.matrix(filters, now=timezone.now()),
        "query": request.GET.urlencode(),
    }
    return render(request, "journeys/improvement_matrix.html", context, partials={"improvements": "matrix"})


@require_GET
@may(Act.SEE_MAPS)
def improvement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One row."""
    get_object_or_404(selectors.cards(), pk=pk)
    return _row(request, pk)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def improvement_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Status, owner and due day, in the row itself."""
    card = get_object_or_404(selectors.cards(), pk=pk)
    form = ChangeForm(request.POST or None, instance=card, initial={"revision": card.revision})
    if request.method != "POST" or not form.is_valid():
        return _row(request, pk, form=form, status=422 if form.is_bound else 200)
    by = signed_in(request)
    revision = form.cleaned_data["revision"]
    try:
        parts.change(part=card, fields=ChangeForm.Meta.fields, revision=revision, by=by, now=timezone.now())
    except parts.Stale as error:
        return _row(request, pk, problem=str(error), status=409)
    if request.headers.get("HX-Request") == "true":
        return _row(request, pk, is_fresh=True)
    toasts.success(request, _("Saved."))
    return redirect("improvement_detail", pk=pk)


@require_GET
@may(Act.SEE_CUSTOMERS)
def improvement_customers(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came to the step in the last 90 days."""
    card = get_object_or_404(selectors.cards().select_related("step__stage__journey"), pk=pk)
    count, rows = selectors.visitors(card, now=timezone.now())
    context = {"card": card, "count": count, "rows": rows}
    return render(request, "journeys/improvement_customers.html", context)


def _row(request: HttpRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"row": selectors.improvement(pk, now=timezone.now()), "pk": pk, **more}
    target = {f"improvement-{pk}": "edit" if "form" in more else "row"}
    return render(request, "journeys/improvement_detail.html", context, partials=target, status=status)


def _shown(request: HttpRequest) -> int:
    asked = request.GET.get("shown", "")
    return max(PAGE, min(int(asked), selectors.MOST)) if asked.isdecimal() and len(asked) < 5 else PAGE


def _with(request: HttpRequest, **changes: object) -> str:
    query = request.GET.copy()
    query.pop("shown", None)
    for name, value in changes.items():
        query[name] = str(value)
    return f"?{query.urlencode()}"
