from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.campaigns import effect_words, paths, selectors_effect, selectors_runs
from apps.campaigns.models import Campaign
from apps.campaigns.selectors_effect import Figures, Line
from apps.core import keyset
from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import may

PAGE = 50
WINDOWS = (7, 30, 90)


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_effect(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign.objects.select_related("version"), pk=pk)
    days = _days(request.GET.get("days", ""))
    found = selectors_effect.effect(campaign, since=selectors_effect.window(days, now=timezone.now()))
    more = f"&days={days}" if days else ""
    context = {
        "campaign": campaign,
        "effect": found,
        "windows": _windows(days),
        "more": more,
        "total": _cells(found.total, "", more),
        "is_delivery_known": found.total.delivered > 0,
        "columns": [effect_words.COLUMN_LABELS[name] for name in selectors_effect.COLUMNS],
        "revenue": effect_words.money(found.total.revenue),
        "early": effect_words.money(found.early),
        "tables": [(label, _rows(lines, more)) for label, lines in _tables(found)],
        "splits": [effect_words.split_words(split) for split in found.splits],
        "holdout": effect_words.comparison_words(found.holdout) if found.holdout else None,
    }
    return render(request, "campaigns/campaign_effect.html", context)


def _days(text: str) -> int | None:
    return next((days for days in WINDOWS if str(days) == text), None)


def _windows(current: int | None) -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = [
        {"url": f"?days={days}", "label": _("%(days)s d") % {"days": days}, "is_current": days == current}
        for days in WINDOWS
    ]
    return [*options, {"url": "?", "label": _("All"), "is_current": current is None}]


def _tables(found: selectors_effect.Effect) -> list[tuple[str, list[Line]]]:
    tables = [
        (_("By step"), found.steps),
        (_("By tone and language"), found.variants),
        (_("By channel"), found.channels),
        (_("By hour there"), found.hours),
    ]
    return [(label, lines) for label, lines in tables if lines]


def _rows(lines: list[Line], more: str) -> list[dict[str, Any]]:
    return [
        {
            "label": line.label,
            "cells": _cells(line.figures, f"&{line.query}", more),
            "revenue": effect_words.money(line.figures.revenue),
        }
        for line in lines
    ]


def _cells(figures: Figures, query: str, more: str) -> list[dict[str, Any]]:
    """Each with its share of what was sent, and the address of its customers."""
    return [
        {
            "name": name,
            "label": effect_words.COLUMN_LABELS[name],
            "count": count,
            "share": effect_words.percent(count, figures.sent) if name != "sent" else "",
            "query": f"?what={name}{query}{more}",
        }
        for name, count in figures.cells()
    ]


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_customers(request: HttpRequest, pk: int) -> HttpResponse:
    """The runs behind a figure, newest first."""
    campaign = get_object_or_404(Campaign, pk=pk)
    filters = selectors_runs.read(request.GET.dict())
    rows = selectors_runs.runs(campaign, filters, now=timezone.now()).select_related("customer__persona")
    try:
        page = keyset.newest_first(rows, time_field="created_at", cursor=request.GET.get("cursor"), size=PAGE)
    except keyset.BadCursor:
        return redirect("campaign_customers", pk=pk)
    steps = paths.stands_at(page.rows)
    query = request.GET.copy()
    query["cursor"] = page.next_cursor or ""
    context = {
        "campaign": campaign,
        "rows": [(run, steps.get(run.pk)) for run in page.rows],
        "words": selectors_runs.words(campaign, filters),
        "next_url": f"?{query.urlencode()}" if page.next_cursor else None,
    }
    return render(request, "campaigns/campaign_customers.html", context)
