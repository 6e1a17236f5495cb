from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.campaigns import selectors_why
from apps.campaigns.models import Campaign
from apps.core.htmx import render
from apps.customers.models import Customer
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_CUSTOMERS)
def customer_why(request: HttpRequest, pk: int, campaign: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    if customer.merged_into_id is not None:
        return redirect("customer_why", pk=customer.merged_into_id, campaign=campaign)
    asked = get_object_or_404(Campaign.objects.select_related("journey", "version"), pk=campaign)
    found = selectors_why.why(customer, asked, now=timezone.now())
    return render(request, "campaigns/customer_why.html", {"why": found, "customer": customer, "campaign": asked})
