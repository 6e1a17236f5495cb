from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.htmx import render
from apps.desk import selectors as desk
from apps.feedback import selectors as feedback
from apps.insights import selectors
from apps.insights.forms import FunnelForm
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.permissions import may

PERIODS = {"30": 30, "90": 90, "365": 365}
SHOWN = 200


@require_GET
@may(Act.SEE_MAPS)
def insights(request: HttpRequest) -> HttpResponse:
    """The funnel of the first published journey."""
    first = Journey.objects.published().order_by("pk").first()
    if first is None:
        return render(request, "insights/insights_empty.html")
    return redirect("funnel", pk=first.pk)


@require_GET
@may(Act.SEE_MAPS)
def funnel(request: HttpRequest, pk: int) -> HttpResponse:
    journey = get_object_or_404(Journey.objects.published().select_related("current_version"), pk=pk)
    now = timezone.now()
    days = PERIODS.get(request.GET.get("days", ""), 90)
    form = FunnelForm(request.GET)
    query = _query(form, now, days)
    found = selectors.funnel(journey, query)
    context = {
        "journey": journey,
        "journeys": [_option(j, pk) for j in Journey.objects.published().order_by("name", "pk")],
        "periods": [
            {
                "url": _with(request, days=key),
                "label": _("%(days)s d") % {"days": key},
                "is_current": value == days,
            }
            for key, value in PERIODS.items()
        ],
        "form": form,
        "days": days,
        "rows": _rows(request, found.steps),
        "groups": [(value or _("not said"), _rows(request, steps, links=False)) for value, steps in found.groups],
        "scores": feedback.scores(since=now - timedelta(days=days)),
        "unit": query.unit,
    }
    return render(request, "insights/funnel.html", context, status=200 if form.is_valid() else 422)


@require_GET
@may(Act.SEE_CUSTOMERS)
def funnel_customers(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """The customers behind a bar."""
    journey = get_object_or_404(Journey.objects.published().select_related("current_version"), pk=pk)
    days = PERIODS.get(request.GET.get("days", ""), 90)
    query = _query(FunnelForm(request.GET), timezone.now(), days)
    names = [name for name, _count in selectors.funnel(journey, query).steps]
    if step >= len(names):
        return redirect("funnel", pk=pk)
    ids = selectors.customers_at(journey, query, step=step)
    context = {
        "journey": journey,
        "step_name": names[step],
        "count": len(ids),
        "rows": desk.listed(ids[:SHOWN]),
        "shown": min(SHOWN, len(ids)),
        "query_text": request.GET.urlencode(),
    }
    return render(request, "insights/funnel_customers.html", context)


def _query(form: FunnelForm, now: datetime, days: int) -> selectors.FunnelQuery:
    if not form.is_valid():
        return selectors.FunnelQuery(start=now - timedelta(days=days))
    asked = form.query()
    return selectors.FunnelQuery(
        start=asked.start or now - timedelta(days=days),
        end=asked.end,
        order=asked.order,
        unit=asked.unit,
        window=asked.window,
        breakdown=asked.breakdown,
    )


def _rows(request: HttpRequest, steps: list[tuple[str, int]], *, links: bool = True) -> list[dict[str, Any]]:
    most = max((count for _name, count in steps), default=0)
    rows: list[dict[str, Any]] = []
    for number, (name, count) in enumerate(steps):
        before = steps[number - 1][1] if number else 0
        rate = _("%(percent)s%% of prior") % {"percent": round(100 * count / before)} if number and before else ""
        percent = round(100 * count / most, 1) if most else 0
        url = f"customers/{number}/?{request.GET.urlencode()}" if links else ""
        rows.append(
            {
                "label": name,
                "figure": f"{count:,}",
                "count": count,
                "percent": percent,
                "rate": rate,
                "url": url,
            }
        )
    return rows


def _option(journey: Journey, current: int) -> dict[str, Any]:
    return {"url": f"/insights/{journey.pk}/", "label": journey.name, "is_current": journey.pk == current}


def _with(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"
