"""An answer that a customer gave by phone or in the store, written down by staff."""

from uuid import uuid4

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.htmx import render
from apps.customers.models import Customer
from apps.desk.forms_answers import EnteredAnswerForm
from apps.feedback.actions import responses
from apps.feedback.models import Survey
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in
from apps.touchpoints.enums import Channel


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def response_enter(request: HttpRequest, pk: int) -> HttpResponse:
    """`survey` in the address: which; without it the first by name."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    surveys = list(Survey.objects.current().order_by("name", "pk"))
    asked = request.GET.get("survey", "")
    survey = next((one for one in surveys if str(one.pk) == asked), surveys[0] if surveys else None)
    context = {"customer": customer, "surveys": surveys, "survey": survey}
    if survey is None:
        return render(request, "desk/response_enter.html", context)
    typed = request.POST if request.method == "POST" else None
    form = EnteredAnswerForm(typed, survey=survey, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        return _entered(request, customer, survey, form)
    return render(request, "desk/response_enter.html", {**context, "form": form}, status=422 if form.is_bound else 200)


def _entered(request: HttpRequest, customer: Customer, survey: Survey, form: EnteredAnswerForm) -> HttpResponse:
    channel = Channel(form.cleaned_data["channel"])
    responses.enter(
        customer=customer,
        survey=survey,
        key=form.cleaned_data["key"],
        given=form.answer,
        channel=channel,
        user=signed_in(request),
        now=timezone.now(),
    )
    toasts.success(request, _("The answer is kept. Retract it on the timeline if it is wrong."))
    return redirect("customer_detail", pk=customer.pk)
