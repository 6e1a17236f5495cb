"""Settings, Webhooks."""

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.campaigns.actions import endpoints
from apps.campaigns.enums import EndpointShape
from apps.campaigns.forms_endpoints import EndpointForm
from apps.campaigns.models import Endpoint
from apps.campaigns.models_sending import fingerprint
from apps.core import destinations
from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import confirmed, may


@require_GET
@may(Act.ADMINISTER)
def endpoint_list(request: HttpRequest) -> HttpResponse:
    rows = [(one, destinations.host_of(one.url)) for one in Endpoint.objects.order_by("name", "pk")[:500]]
    return render(request, "campaigns/endpoint_list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
@confirmed
def endpoint_create(request: HttpRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _shown_once(request, endpoints.create(**form.cleaned_data))
        except (endpoints.NameTaken, endpoints.BadAddress) as error:
            _put(form, error)
    context = {"form": form, "endpoint": None}
    return render(request, "campaigns/endpoint_edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
@confirmed
def endpoint_edit(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = get_object_or_404(Endpoint, pk=pk)
    initial = {"name": endpoint.name, "shape": endpoint.shape}
    form = EndpointForm(request.POST or None, initial=initial, has_address=True)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change(endpoint=endpoint, **form.cleaned_data)
        except (endpoints.NameTaken, endpoints.BadAddress) as error:
            _put(form, error)
        else:
            toasts.success(request, _("Saved."))
            return redirect("endpoint_list")
    context = {
        "form": form,
        "endpoint": get_object_or_404(Endpoint, pk=pk),
        "host": destinations.host_of(endpoint.url),
        "seen": fingerprint(endpoint.secret),
    }
    return render(request, "campaigns/endpoint_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@may(Act.ADMINISTER)
@confirmed
def endpoint_rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """`seen` names the secret that the page knew of: reloading what showed the new one makes no other."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    if request.POST.get("seen") != fingerprint(endpoint.secret):
        toasts.warning(request, _("There is a new secret already. It is shown once, so make another if you need one."))
        return redirect("endpoint_edit", pk=pk)
    return _shown_once(request, endpoints.rotate(endpoint=endpoint, now=timezone.now()))


@require_POST
@may(Act.ADMINISTER)
def endpoint_test(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = get_object_or_404(Endpoint, pk=pk)
    tried = endpoints.try_out(endpoint=endpoint, now=timezone.now())
    tell = toasts.success if tried.is_well else toasts.error
    tell(request, _("Test call to %(name)s: %(text)s") % {"name": endpoint.name, "text": tried.text})
    return redirect("endpoint_list")


@require_POST
@may(Act.ADMINISTER)
def endpoint_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """`on`: yes or no, so that pressing twice does the same."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    is_on = request.POST.get("on") == "yes"
    endpoints.switch(endpoint=endpoint, is_active=is_on)
    toasts.success(request, _("Switched on.") if is_on else _("Switched off: its calls are skipped from now on."))
    return redirect("endpoint_list")


def _put(form: EndpointForm, error: Exception) -> None:
    form.add_error("name" if isinstance(error, endpoints.NameTaken) else "url", str(error))


def _shown_once(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """Chat rooms have no use for a secret."""
    if endpoint.shape != EndpointShape.STANDARD:
        toasts.success(request, _("Saved."))
        return redirect("endpoint_list")
    response = render(request, "campaigns/endpoint_shown.html", {"endpoint": endpoint})
    response["Cache-Control"] = "no-store"
    return response
