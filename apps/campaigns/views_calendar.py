from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.campaigns import selectors_calendar
from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_calendar(request: HttpRequest) -> HttpResponse:
    days = selectors_calendar.calendar(now=timezone.now())
    context = {"days": days, "is_empty": all(day.is_empty for day in days)}
    return render(request, "campaigns/campaign_calendar.html", context)
