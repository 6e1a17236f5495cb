from datetime import timedelta

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.feedback import selectors
from apps.feedback.actions import cases
from apps.feedback.forms import CloseCaseForm
from apps.feedback.models import Case, Response
from apps.staff.enums import Act
from apps.staff.permissions import may

PAGE = 50
SCORE_DAYS = 90


@require_GET
@may(Act.SEE_CUSTOMERS)
def feedback(request: HttpRequest) -> HttpResponse:
    """Scores with their intervals, and the answers, newest first."""
    rows = Response.objects.select_related("customer", "survey", "case")
    try:
        page = keyset.newest_first(rows, time_field="answered_at", cursor=request.GET.get("cursor"), size=PAGE)
    except keyset.BadCursor:
        return redirect("feedback")
    context = {
        "scores": selectors.scores(since=timezone.now() - timedelta(days=SCORE_DAYS)),
        "rows": page.rows,
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else None,
        "tabs": tabs("feedback"),
    }
    return render(request, "feedback/feedback.html", context)


def tabs(current: str) -> list[dict[str, object]]:
    return [
        {"url": "/feedback/", "label": _("Answers"), "is_current": current == "feedback"},
        {"url": "/feedback/surveys/", "label": _("Surveys"), "is_current": current == "surveys"},
        {"url": "/feedback/reviews/", "label": _("Reviews"), "is_current": current == "reviews"},
        {"url": "/feedback/cases/", "label": _("Cases"), "is_current": current == "cases"},
    ]


@require_GET
@may(Act.SEE_CUSTOMERS)
def case_list(request: HttpRequest) -> HttpResponse:
    shows = request.GET.get("show", "open")
    rows = Case.objects.closed() if shows == "closed" else Case.objects.open()
    if shows == "mine":
        rows = rows.owned_by(request.user)  # type: ignore[arg-type]
    order = ["-closed_at", "-pk"] if shows == "closed" else ["due_at", "pk"]
    options = [("open", _("Open")), ("mine", _("Mine")), ("closed", _("Closed"))]
    context = {
        "rows": rows.select_related("customer", "owner", "response").order_by(*order)[:200],
        "shows": shows,
        "options": [{"url": f"?show={key}", "label": label, "is_current": key == shows} for key, label in options],
        "now": timezone.now(),
        "tabs": tabs("cases"),
    }
    return render(request, "feedback/case_list.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.SEE_CUSTOMERS)
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    case = get_object_or_404(Case.objects.select_related("customer", "owner", "response__survey", "closed_by"), pk=pk)
    form = CloseCaseForm(request.POST or None, instance=case)
    if request.method == "POST":
        if not request.user.has_perm(Act.EDIT_CUSTOMERS.permission):
            return HttpResponse(_("You may see cases, and not close them."), status=403)
        if form.is_valid():
            return _close(request, pk, form)
    status = 422 if form.is_bound else 200
    context = {"case": case, "form": form, "now": timezone.now()}
    return render(request, "feedback/case_detail.html", context, status=status)


def _close(request: HttpRequest, pk: int, form: CloseCaseForm) -> HttpResponse:
    try:
        cases.close(
            case=Case(pk=pk),
            root_cause=form.cleaned_data["root_cause"],
            action_taken=form.cleaned_data["action_taken"],
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    except cases.AlreadyClosed as error:
        toasts.error(request, str(error))
    else:
        toasts.success(request, _("The case is closed."))
    return redirect("case_list")


@require_POST
@may(Act.EDIT_CUSTOMERS)
def case_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    cases.reopen(case=get_object_or_404(Case, pk=pk), now=timezone.now())
    toasts.success(request, _("The case is open again."))
    return redirect("case_detail", pk=pk)
