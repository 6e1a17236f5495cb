from django.conf import settings
from django.contrib import messages as toasts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.htmx import render
from apps.core.models import CompanySettings
from apps.staff import sender
from apps.staff.actions import company
from apps.staff.enums import Act
from apps.staff.forms_sender import SenderForm
from apps.staff.permissions import may


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def sender_settings(request: HttpRequest) -> HttpResponse:
    """Who messages come from, and what the DNS of that domain has to say."""
    form = SenderForm(request.POST if request.method == "POST" else None, instance=CompanySettings.current())
    if request.method == "POST" and form.is_valid():
        try:
            company.change(values=form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toasts.success(request, _("Saved."))
            return redirect("sender_settings")
    domain = sender.domain_of(CompanySettings.current().sender_email)
    context = {
        "form": form,
        "domain": domain,
        "records": sender.records(domain),
        "asked_for": sender.asked_for(),
        "headers": f"List-Unsubscribe: <{settings.PUBLIC_URL}/u/…>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "has_mail": bool(settings.EMAIL_URL),
    }
    return render(request, "staff/sender.html", context, status=422 if form.is_bound else 200)
