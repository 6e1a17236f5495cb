from datetime import date

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.staff.actions import audit as actions
from apps.staff.enums import Act
from apps.staff.permissions import may
from apps.staff.selectors import audit


@require_GET
@may(Act.ADMINISTER)
def audit_list(request: HttpRequest) -> HttpResponse:
    return _page(request, filters_of(request.GET))


@require_POST
@may(Act.ADMINISTER)
def audit_undo(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    if model not in audit.event_models():
        raise Http404
    event = get_object_or_404(audit.event_models()[model], pgh_id=pk)
    try:
        row = actions.undo(event=event)
    except actions.CannotUndo as error:
        return _page(request, audit.Filters(), trouble=str(error), status=409)
    toasts.success(request, _("Undone: %(thing)s is as it was.") % {"thing": row})
    return redirect("audit_list")


def _page(request: HttpRequest, filters: audit.Filters, *, trouble: str = "", status: int = 200) -> HttpResponse:
    try:
        page = audit.page(filters, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("audit_list")
    query = request.GET.copy()
    query["cursor"] = page.next_cursor or ""
    context = {
        "page": page,
        "filters": filters,
        "trouble": trouble,
        "people": audit.people(),
        "kinds": audit.kinds(),
        "next_url": f"?{query.urlencode()}" if page.next_cursor else None,
    }
    return render(request, "staff/audit_list.html", context, status=status)


def filters_of(query: QueryDict) -> audit.Filters:
    """What is no filter is none."""
    person, kind = query.get("person", ""), query.get("kind", "")
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    return audit.Filters(
        person_id=int(person) if person.isdecimal() and len(person) < 10 else None,
        kind=kind if kind in audit.event_models() else "",
        day=day,
    )
