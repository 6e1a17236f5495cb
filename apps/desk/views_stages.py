from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.htmx import render
from apps.customers.models import Customer
from apps.desk.forms_stages import StageForm
from apps.journeys.actions import deciding
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import may


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def stage_set(request: HttpRequest, pk: int) -> HttpResponse:
    """In which stage the customer is, by hand."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    form = StageForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        journey, key = form.chosen()
        deciding.set_stage(
            customer=customer,
            journey=journey,
            stage_key=key,
            note=form.cleaned_data["note"],
            by=request.user,
            now=timezone.now(),
        )
        toasts.success(request, _("The stage is set. It holds until the next step that moves on."))
        return redirect("customer_detail", pk=pk)
    status = 422 if form.errors else 200
    return render(request, "desk/stage_set.html", {"customer": customer, "form": form}, status=status)
