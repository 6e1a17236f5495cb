from django.conf import settings
from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.comparison import RuleError
from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import may
from apps.touchpoints import newest, selectors, vocabulary
from apps.touchpoints.actions import catalogue, sources
from apps.touchpoints.enums import Channel, Ownership, SourceKind
from apps.touchpoints.forms import Editor, SourceForm
from apps.touchpoints.models import Source, Touchpoint


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
    latest = selectors.latest_of_source(source)
    context = {
        "source": source,
        "has_key": SourceKind(source.kind).has_write_key,
        "snippets": _snippets(source),
        "latest": latest,
        "first": latest[-1] if latest and len(latest) < selectors.LATEST else None,
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


_SCRIPT = """milepost.identify("cus_1", { name: "Ann Price" });
milepost.track("Product Added", { sku: "B-41", price: 59.9, currency: "EUR" });"""


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
        return [
            ("snippet-web", _("Web page, before </head>: records each page"), script),
            ("snippet-script", _("JavaScript, for events of your own"), _SCRIPT),
            ("snippet-curl", _("Command line"), curl),
        ]
    return [("snippet-curl", _("Command line"), curl), ("snippet-python", "Python", python)]


@require_GET
@may(Act.SEE_MAPS)
def touchpoint_list(request: HttpRequest) -> HttpResponse:
    """The catalogue, by channel."""
    filters = selectors.CatalogueFilters(
        text=request.GET.get("q", "").strip()[:100],
        channel=request.GET.get("channel", ""),
        ownership=request.GET.get("ownership", ""),
        is_moment_of_truth=request.GET.get("truth") == "1",
    )
    context = {
        "groups": selectors.catalogue_rows(filters, today=selectors.utc_day(timezone.now())),
        "filters": filters,
        "channels": Channel.choices,
        "ownerships": Ownership.choices,
        "share": newest.share_unmatched(),
    }
    return render(request, "touchpoints/touchpoint_list.html", context, partials={"catalogue": "catalogue"})


@require_GET
@may(Act.SEE_MAPS)
def touchpoint_detail(request: HttpRequest, pk: int) -> HttpResponse:
    touchpoint = get_object_or_404(Touchpoint, pk=pk)
    context = {
        "touchpoint": touchpoint,
        "rules": [selectors.in_words(entry) for entry in touchpoint.rules],
        "figures": selectors.figures_of(touchpoint, today=selectors.utc_day(timezone.now())),
        "uses": selectors.uses_of(touchpoint.name),
        "latest": selectors.latest_at(touchpoint),
        "apply_days": catalogue.APPLY_DAYS,
    }
    return render(request, "touchpoints/touchpoint_detail.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def touchpoint_create(request: HttpRequest) -> HttpResponse:
    """The query may fill the form, as the page of unmatched traffic does."""
    return _edit(request, Touchpoint(rules=[]))


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def touchpoint_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Touchpoint, pk=pk))


def _edit(request: HttpRequest, touchpoint: Touchpoint) -> HttpResponse:
    """`op` says which button it was: save, or one that only changes the form."""
    is_post, op = request.method == "POST", request.POST.get("op", "save")
    editor = Editor(touchpoint, typed=request.POST if is_post else None, initial=request.GET)
    is_saving = is_post and op == "save"
    if is_saving and editor.is_valid() and _save(request, editor):
        return redirect("touchpoint_detail", pk=touchpoint.pk)
    if not is_saving:
        editor.change(op)
    context = {
        "touchpoint": touchpoint,
        "editor": editor,
        "events": vocabulary.events(),
        "preview": _preview(editor),
    }
    partials = {"rules": "rules", "preview": "preview"}
    status = 422 if is_saving else 200
    return render(request, "touchpoints/touchpoint_edit.html", context, partials=partials, status=status)


def _save(request: HttpRequest, editor: Editor) -> bool:
    try:
        saved = catalogue.save(touchpoint=editor.result())
    except (catalogue.TouchpointError, RuleError) as error:
        editor.form.add_error(None, str(error))
        return False
    toasts.success(
        request, _("“%(name)s” is in the catalogue. It holds for what comes in from now on.") % {"name": saved}
    )
    return True


def _preview(editor: Editor) -> newest.Preview | None:
    rules = editor.rules
    return newest.preview(rules, touchpoint_id=editor.touchpoint.pk) if rules else None


@require_POST
@may(Act.DESIGN)
def touchpoint_delete(request: HttpRequest, pk: int) -> HttpResponse:
    touchpoint = get_object_or_404(Touchpoint, pk=pk)
    try:
        catalogue.delete(touchpoint=touchpoint, user_id=request.user.pk)
    except catalogue.TouchpointError as error:
        toasts.error(request, str(error))
        return redirect("touchpoint_detail", pk=pk)
    toasts.success(
        request, _("“%(name)s” is no longer in the catalogue. Its interactions stay.") % {"name": touchpoint}
    )
    return redirect("touchpoint_list")


@require_POST
@may(Act.DESIGN)
def touchpoint_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Matches the last days anew, in the background."""
    touchpoint = get_object_or_404(Touchpoint, pk=pk)
    job = catalogue.apply(touchpoint=touchpoint, user_id=request.user.pk, now=timezone.now())
    return redirect("job_detail", pk=job.pk)


@require_GET
@may(Act.SEE_MAPS)
def touchpoint_unmatched(request: HttpRequest) -> HttpResponse:
    """What customers did at no touchpoint, among the newest interactions."""
    return render(request, "touchpoints/touchpoint_unmatched.html", {"unmatched": newest.unmatched()})
