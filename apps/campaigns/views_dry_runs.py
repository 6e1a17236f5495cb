from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.campaigns import charts
from apps.campaigns.actions import dry_runs
from apps.campaigns.checking import CampaignError
from apps.campaigns.models import Campaign
from apps.core.htmx import render
from apps.customers.models import Customer
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

SHOWN = 50


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest dry run of the campaign, on its way or done."""
    campaign = get_object_or_404(Campaign, pk=pk)
    job = dry_runs.latest(campaign)
    result = job.result if job else {}
    context = {
        "campaign": campaign,
        "job": job,
        "is_mine": job is not None and (job.user_id == request.user.pk or request.user.has_perm("staff.administer")),
        "result": result,
        "since": datetime.fromisoformat(result["since"]) if result else None,
        "chart": charts.bars(_days(result)) if result else None,
        "sample": _sample(result) if result and job and job.is_finished else [],
    }
    return render(request, "campaigns/campaign_dry_run.html", context, partials={"dry-run": "progress"})


def _days(result: dict[str, Any]) -> list[tuple[date, int]]:
    first = datetime.fromisoformat(result["since"]).date()
    last = datetime.fromisoformat(result["until"]).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [(day, result["days"].get(day.isoformat(), 0)) for day in days]


def _sample(result: dict[str, Any]) -> list[dict[str, Any]]:
    shown = result["sample"][:SHOWN]
    known = Customer.objects.in_bulk({row[0] for row in shown})
    return [
        {
            "customer": known.get(customer_id),
            "step": result["steps"][position],
            "at": datetime.fromisoformat(at),
            "outcome": outcome,
            "reason": reason,
        }
        for customer_id, position, at, outcome, reason in shown
    ]


@require_POST
@may(Act.DESIGN)
def campaign_dry_run_start(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        dry_runs.start(campaign=campaign, user_id=signed_in(request).pk, now=timezone.now())
    except CampaignError as error:
        toasts.error(request, str(error))
    return redirect("campaign_dry_run", pk=pk)
