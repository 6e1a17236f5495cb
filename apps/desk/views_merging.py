from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.customers import selectors as customers
from apps.customers.actions import duplicates, merges, undoing
from apps.customers.models import Customer, Duplicate, Merge
from apps.desk import selectors, selectors_merging
from apps.desk.forms_people import MergeForm
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.MERGE)
def merge_choose(request: HttpRequest, pk: int) -> HttpResponse:
    """With whom? Suggested duplicates first, then a search."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    text = request.GET.get("q", "").strip()[:200]
    found = [one for one in customers.search(text=text) if one != customer] if text else []
    context = {
        "customer": customer,
        "text": text,
        "rows": selectors.listed([one.pk for one in found]),
        "duplicates": selectors_merging.duplicates_of(customer=customer),
    }
    return render(request, "desk/merge_choose.html", context, partials={"found": "found"})


@require_http_methods(["GET", "POST"])
@may(Act.MERGE)
def merge_confirm(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Side by side; `stays` chooses between two who are known."""
    first, second = (get_object_or_404(Customer.objects.select_related("persona"), pk=one) for one in (pk, other))
    form = MergeForm(request.POST or None, first=first, second=second, stays=request.GET.get("stays", ""))
    kept, gone = form.order()
    problem, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            merges.merge(kept=kept, gone=gone, reason=form.cleaned_data["reason"], by=form.user(request),
                         now=timezone.now())  # fmt: skip
        except merges.NotMergeable as error:
            problem, status = str(error), 409
        else:
            messages.success(request, _("%(gone)s is part of %(kept)s now.") % {"gone": gone, "kept": kept})
            return redirect("customer_detail", pk=kept.pk)
    elif form.is_bound:
        status = 422
    problem = problem or form.why_not()
    preview = None if problem else selectors_merging.preview(kept=kept, gone=gone)
    context = {"form": form, "kept": kept, "gone": gone, "problem": problem, "preview": preview, "customer": first}
    return render(request, "desk/merge_confirm.html", context, status=status)


@require_GET
@may(Act.MERGE)
def merge_list(request: HttpRequest) -> HttpResponse:
    try:
        page = selectors_merging.merge_page(cursor=request.GET.get("cursor"), now=timezone.now())
    except keyset.BadCursor:
        return redirect("merge_list")
    return render(request, "desk/merge_list.html", {"page": page, "next_url": _next_url(request, page.next_cursor)})


@require_POST
@may(Act.MERGE)
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    merge = get_object_or_404(Merge.objects.filter(through_id=None), pk=pk)
    try:
        undoing.undo(merge=merge, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except undoing.NotUndoable as error:
        messages.error(request, str(error))
        return redirect("merge_list")
    messages.success(request, _("Undone. They are two customers again."))
    return redirect("customer_detail", pk=merge.gone_id)


@require_GET
@may(Act.MERGE)
def duplicate_list(request: HttpRequest) -> HttpResponse:
    try:
        page = selectors_merging.duplicate_page(cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("duplicate_list")
    context = {"page": page, "next_url": _next_url(request, page.next_cursor)}
    return render(request, "desk/duplicate_list.html", context)


@require_POST
@may(Act.MERGE)
def duplicate_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    duplicate = get_object_or_404(Duplicate, pk=pk)
    duplicates.dismiss(duplicate=duplicate, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("Noted: they are two people. They are not suggested again."))
    if request.POST.get("back") in {str(duplicate.first_id), str(duplicate.second_id)}:
        return redirect("customer_detail", pk=request.POST["back"])
    return redirect("duplicate_list")


def _next_url(request: HttpRequest, cursor: str | None) -> str | None:
    return f"{request.path}?cursor={cursor}" if cursor else None
