from typing import Any

from django.contrib import messages as toasts
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import keyset
from apps.core.htmx import render
from apps.feedback import selectors
from apps.feedback.actions import reviews
from apps.feedback.forms import ReplyForm
from apps.feedback.models import Review, ReviewSite
from apps.feedback.views import tabs
from apps.staff.enums import Act
from apps.staff.permissions import may

PAGE = 50
STARS = range(1, 6)


@require_GET
@may(Act.SEE_CUSTOMERS)
def review_list(request: HttpRequest) -> HttpResponse:
    site, stars, shows = (request.GET.get(key, "") for key in ("site", "stars", "show"))
    rows = selectors.reviews(site=site, stars=stars, is_waiting=shows == "waiting")
    page = _page(rows, request.GET.get("cursor"))
    if page is None:
        return redirect("review_list")
    context = {
        "rows": page.rows,
        "next_url": _next(request, page.next_cursor),
        "sites": ReviewSite.objects.order_by("name", "pk"),
        "site": site,
        "stars": stars,
        "scale": STARS,
        "shows": shows,
        "is_filtered": bool(site or stars or shows),
        "tabs": tabs("reviews"),
    }
    return render(request, "feedback/review_list.html", context)


def _page(rows: QuerySet[Review], cursor: str | None) -> keyset.Page[Review] | None:
    try:
        return keyset.newest_first(rows, time_field="published_at", cursor=cursor, size=PAGE)
    except keyset.BadCursor:
        return None


def _next(request: HttpRequest, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query: QueryDict = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


@require_http_methods(["GET", "POST"])
@may(Act.SEE_CUSTOMERS)
def review_detail(request: HttpRequest, pk: int) -> HttpResponse:
    review = get_object_or_404(Review.objects.select_related("site", "customer"), pk=pk)
    form = ReplyForm(request.POST or None, initial={"reply": review.reply})
    if request.method == "POST":
        _check_may_reply(request.user)
        if form.is_valid():
            reviews.reply(review=review, text=form.cleaned_data["reply"], now=timezone.now())
            toasts.success(request, _("The reply is kept. Publish it on the review site yourself."))
            return redirect("review_list")
    status = 422 if form.is_bound else 200
    return render(
        request, "feedback/review_detail.html", {"review": review, "form": form, "scale": STARS}, status=status
    )


def _check_may_reply(user: Any) -> None:
    if not user.has_perm(Act.EDIT_CUSTOMERS.permission):
        raise PermissionDenied
