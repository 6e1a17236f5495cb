import zoneinfo
from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.staff.actions import notices, people
from apps.staff.enums import Act, NoticeKind
from apps.staff.forms import OwnForm
from apps.staff.models import Notice, User
from apps.staff.permissions import may

PAGE = 50
HIDDEN_DAYS = 365


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = OwnForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        people.change_own(user=user, **form.cleaned_data)
        toasts.success(request, _("Saved."))
        return redirect("account")
    context = {"form": form, "time_zones": sorted(zoneinfo.available_timezones())}
    return render(request, "staff/account.html", context, status=422 if form.is_bound else 200)


@require_GET
def account_email(request: HttpRequest) -> HttpResponse:
    """The address is the login, so an admin changes it; allauth's own page would let people change it here."""
    return redirect("account")


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    rows = Notice.objects.for_user(request.user)  # type: ignore[arg-type]
    try:
        page = keyset.newest_first(rows, time_field="created_at", cursor=request.GET.get("cursor"), size=PAGE)
    except keyset.BadCursor:
        return redirect("notice_list")
    context = {
        "rows": [(notice, NoticeKind(notice.kind).icon) for notice in page.rows],
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else None,
    }
    return render(request, "staff/notice_list.html", context)


@require_POST
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Read from now on; goes to what the notice is about."""
    notice = get_object_or_404(Notice.objects.for_user(request.user), pk=pk)  # type: ignore[arg-type]
    notices.mark_read(notice=notice, now=timezone.now())
    is_ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url if is_ours else reverse("notice_list"))


@require_POST
def notice_read_all(request: HttpRequest) -> HttpResponse:
    count = notices.mark_all_read(user=request.user, now=timezone.now())  # type: ignore[arg-type]
    toasts.success(request, ngettext("%(n)s notice is read.", "%(n)s notices are read.", count) % {"n": count})
    return redirect("notice_list")


@require_POST
@may(Act.ADMINISTER)
def first_hour_hide(request: HttpRequest) -> HttpResponse:
    response = redirect("home")
    response.set_cookie("first_hour", "hidden", max_age=HIDDEN_DAYS * 24 * 3600, samesite="Lax", httponly=True)
    return response
