from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.campaigns.actions import optouts, signups
from apps.core.htmx import render
from apps.customers.models import Customer, Topic
from apps.desk import selectors
from apps.desk.forms_consents import ConsentForm
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import may


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def customer_consents(request: HttpRequest, pk: int) -> HttpResponse:
    """What the customer told us about being written to."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    allowed = selectors.allowed(customer, now=timezone.now())
    form = ConsentForm(request.POST if request.method == "POST" else None, customer=customer, allowed=allowed)
    if form.is_valid() and isinstance(request.user, User):
        evidence = form.cleaned_data["evidence"]
        optouts.record_told(customer=customer, told=form.told(), evidence=evidence, by=request.user, now=timezone.now())
        toasts.success(request, _("Saved. It holds from now on."))
        return redirect("customer_detail", pk=pk)
    context = {"customer": customer, "form": form}
    return render(request, "desk/customer_consents.html", context, status=422 if form.errors else 200)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def consent_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Double opt-in: the customer is asked by mail, and says yes by the link in it."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    topic = Topic.objects.filter(key=request.POST.get("topic", "")[:50].replace("\x00", "")).first()
    if topic is None:
        toasts.error(request, _("This topic is not there any more."))
        return redirect("customer_consents", pk=pk)
    try:
        asked = signups.ask_to_confirm(customer=customer, topic=topic, now=timezone.now())
    except signups.CannotAsk as error:
        toasts.error(request, str(error))
        return redirect("customer_consents", pk=pk)
    if asked is None:
        words = _("They were asked already: at most once an hour for a topic, and three times a day.")
        toasts.warning(request, words)
    elif asked.mail_due_at is None:
        words = _("No mail server is set, so nothing leaves: an admin finds the link on the page of “%(topic)s”.")
        toasts.warning(request, words % {"topic": topic})
    else:
        toasts.success(request, _("Asked by mail: %(topic)s.") % {"topic": topic})
    return redirect("customer_consents", pk=pk)
