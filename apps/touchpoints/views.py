from django.conf import settings
from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import may
from apps.touchpoints import selectors
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.forms import SourceForm
from apps.touchpoints.models import Source


@require_GET
@may(Act.ADMINISTER)
def source_list(request: HttpRequest) -> HttpResponse:
    return render(request, "touchpoints/source_list.html", {"sources": Source.objects.order_by("name", "pk")})


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def source_create(request: HttpRequest) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = sources.create(name=form.cleaned_data["name"], kind=SourceKind(form.cleaned_data["kind"]))
        return redirect("source_detail", pk=source.pk)
    status = 422 if form.is_bound else 200
    return render(request, "touchpoints/source_create.html", {"form": form}, status=status)


@require_GET
@may(Act.ADMINISTER)
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Source, pk=pk)
    context = {
        "source": source,
        "has_key": SourceKind(source.kind).has_write_key,
        "snippets": _snippets(source),
        "latest": selectors.latest_of_source(source),
        "refused": selectors.refused_by(source),
    }
    return render(request, "touchpoints/source_detail.html", context, partials={"received": "received"})


@require_POST
@may(Act.ADMINISTER)
def source_renew_key(request: HttpRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Source, pk=pk)
    sources.renew_key(source=source)
    toasts.success(request, _("A new key is in force. Put it wherever the old one stands."))
    return redirect("source_detail", pk=pk)


def _snippets(source: Source) -> list[tuple[str, str, str]]:
    """id, label, text of each way to send the first event."""
    host, key = settings.PUBLIC_URL, source.write_key
    curl = (
        f"curl {host}/v1/track -u {key}: -H 'Content-Type: application/json' \\\n"
        """  -d '{"userId": "cus_1", "event": "Order Completed", "properties": {"total": 59.90, "currency": "EUR"}}'"""
    )
    python = (
        "import segment.analytics as analytics  # pip install segment-analytics-python\n\n"
        f'analytics.write_key = "{key}"\nanalytics.host = "{host}"\n'
        'analytics.identify("cus_1", {"name": "Ann Price", "email": "ann@mail.example"})\n'
        'analytics.track("cus_1", "Order Completed", {"total": 59.90, "currency": "EUR"})\n'
        "analytics.flush()"
    )
    script = f'<script src="{host}/t.js" data-write-key="{key}" defer></script>'
    if source.kind == SourceKind.BROWSER:
        return [("snippet-web", _("Web page"), script), ("snippet-curl", _("Command line"), curl)]
    return [("snippet-curl", _("Command line"), curl), ("snippet-python", "Python", python)]
