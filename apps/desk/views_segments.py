from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset, rule_forms
from apps.core.comparison import RuleError
from apps.core.htmx import render
from apps.customers import selectors as customers
from apps.customers.actions import segments
from apps.customers.enums import SegmentKind
from apps.customers.models import Segment
from apps.customers.views import PREFIX, builder
from apps.desk import selectors_segments as selectors
from apps.desk.forms_segments import KINDS, MemberForm, SegmentForm
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in


@require_GET
@may(Act.SEE_CUSTOMERS)
def segment_list(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/segment_list.html", {"segments": selectors.listed_segments()})


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def segment_create(request: HttpRequest) -> HttpResponse:
    """`kind` in the address: by rule or by list."""
    kind = request.GET.get("kind", SegmentKind.RULE)
    segment = Segment(kind=kind if kind in SegmentKind.values else SegmentKind.RULE)
    return _edit(request, segment)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Segment, pk=pk))


def _edit(request: HttpRequest, segment: Segment) -> HttpResponse:
    form = SegmentForm(request.POST or None, instance=segment)
    node = rule_forms.from_rule(segment.rule, prefix=PREFIX)
    error = ""
    if request.method == "POST":
        op = request.POST.get("op", "")
        try:
            node = rule_forms.read(request.POST, prefix=PREFIX, op=op)
            if not op and form.is_valid():
                return _saved(request, form.instance, node)
        except (RuleError, segments.SegmentError) as problem:
            error = str(problem)
    fails = bool(error or form.errors)
    context = {"form": form, "segment": segment, "error": error, "kinds": KINDS, **builder(node)}
    return render(request, "desk/segment_edit.html", context, status=422 if fails else 200)


def _saved(request: HttpRequest, segment: Segment, node: rule_forms.Node) -> HttpResponse:
    if segment.kind == SegmentKind.RULE:
        segment.rule = rule_forms.to_rule(node)
    by = signed_in(request)
    segments.save(segment=segment, by=by, now=timezone.now())
    toasts.success(request, _("%(segment)s is saved.") % {"segment": segment})
    return redirect("segment_detail", pk=segment.pk)


@require_GET
@may(Act.SEE_CUSTOMERS)
def segment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_object_or_404(Segment, pk=pk))


def _detail(request: HttpRequest, segment: Segment, **more: Any) -> HttpResponse:
    shows = "left" if request.GET.get("show") == "left" else "members"
    try:
        page = selectors.segment_page(segment, shows=shows, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("segment_detail", pk=segment.pk)
    next_url = f"?show={shows}&cursor={page.next_cursor}" if page.next_cursor else None
    context = {"segment": segment, "page": page, "next_url": next_url, "form": MemberForm(), **more}
    return render(request, "desk/segment_detail.html", context, status=422 if more else 200)


@require_POST
@may(Act.DESIGN)
def segment_delete(request: HttpRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    try:
        segments.delete(segment=segment)
    except segments.SegmentError as error:
        toasts.error(request, str(error))
        return redirect("segment_detail", pk=pk)
    toasts.success(request, _("%(segment)s is deleted. Its members stay customers.") % {"segment": segment})
    return redirect("segment_list")


@require_POST
@may(Act.DESIGN)
def segment_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts the one customer who goes by the value on the list."""
    segment = get_object_or_404(Segment, pk=pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _detail(request, segment, form=form)
    found = list(customers.with_identity(value=form.cleaned_data["who"])[:2])
    if len(found) != 1:
        form.add_error("who", _("Nobody goes by this.") if not found else _("Several customers go by this; use an id."))
        return _detail(request, segment, form=form)
    try:
        segments.add(segment=segment, customer_ids=[found[0].pk], now=timezone.now())
        toasts.success(request, _("%(customer)s is on the list.") % {"customer": found[0]})
    except segments.SegmentError as error:
        toasts.error(request, str(error))
    return redirect("segment_detail", pk=pk)


@require_POST
@may(Act.DESIGN)
def segment_remove(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    try:
        segments.remove(segment=segment, customer_ids=[customer], now=timezone.now())
        toasts.success(request, _("Taken off the list."))
    except segments.SegmentError as error:
        toasts.error(request, str(error))
    return redirect("segment_detail", pk=pk)
