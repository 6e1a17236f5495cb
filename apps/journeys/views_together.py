"""Comments of staff on the cards of a map, links that share it, and the map as slides."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.journeys.actions import comments as saying
from apps.journeys.actions import sharing
from apps.journeys.forms_together import CommentForm, ShareForm
from apps.journeys.models import Comment, Journey, ShareLink
from apps.journeys.selectors import comments
from apps.journeys.selectors import sharing as shared
from apps.journeys.selectors.comments import Place
from apps.journeys.selectors.maps import customers_by_stage, page_of
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

_PARTIALS = {"dialog-body": "dialog", "card-comments": "thread"}


def _journey(pk: int) -> Journey:
    return get_object_or_404(Journey.objects.select_related("persona", "current_version"), pk=pk)


# --- Comments on a card


@require_http_methods(["GET", "POST"])
@may(Act.SEE_MAPS)
def card_comments(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """What is said about a card, oldest first. `mention` puts somebody's name into what is being written."""
    journey = _journey(pk)
    place = comments.place(journey, key)
    if place is None:
        raise Http404
    user = signed_in(request)
    form = CommentForm(request.POST or None)
    if "mention" in request.POST:
        form = CommentForm(initial={"text": _with_mention(request)})
    elif request.method == "POST" and form.is_valid():
        saying.say(journey=journey, place=place, text=form.cleaned_data["text"], by=user, now=timezone.now())
        return _said(request, journey, place)
    return _thread(request, journey, place, form)


def _with_mention(request: HttpRequest) -> str:
    text, chosen = request.POST.get("text", "").rstrip(), request.POST["mention"]
    found = next((user for user in comments.people() if str(user.pk) == chosen), None)
    return f"{text} {comments.named(found)} ".lstrip() if found else text


def _thread(request: HttpRequest, journey: Journey, place: Place, form: CommentForm) -> HttpResponse:
    context = {
        "journey": journey,
        "place": place,
        "rows": comments.on_card(journey.pk, place.key),
        "form": form,
        "people": [(user, comments.named(user)) for user in comments.people() if user != request.user],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "journeys/card_comments.html", context, partials=_PARTIALS, status=status)


def _said(request: HttpRequest, journey: Journey, place: Place) -> HttpResponse:
    """A page goes to the thread; a fragment is it, and tells the map around it."""
    if request.headers.get("HX-Target") not in _PARTIALS:
        if comments.place(journey, place.key) is None:  # the last word on a card that is gone was taken back
            return redirect("comment_list", pk=journey.pk)
        return redirect("card_comments", pk=journey.pk, key=place.key)
    response = _thread(request, journey, place, CommentForm())
    response["HX-Trigger"] = json.dumps({"comments-changed": {"key": str(place.key)}})
    return response


@require_POST
@may(Act.SEE_MAPS)
def comment_change(request: HttpRequest, pk: int, comment: int) -> HttpResponse:
    """`act`: resolve, reopen or delete."""
    journey = _journey(pk)
    row = get_object_or_404(Comment, journey=journey, pk=comment)
    place = comments.place(journey, row.card_key) or Place(row.card_key)
    user, act = signed_in(request), request.POST.get("act", "")
    try:
        if act == "resolve":
            saying.resolve(comment=row, by=user, now=timezone.now())
        elif act == "reopen":
            saying.reopen(comment=row, by=user)
        elif act == "delete":
            saying.delete(comment=row, by=user)
    except saying.NotYours as error:
        raise PermissionDenied from error
    return _said(request, journey, place)


@require_GET
@may(Act.SEE_MAPS)
def comment_list(request: HttpRequest, pk: int) -> HttpResponse:
    """All comments of a map, the open ones first."""
    journey = _journey(pk)
    state, number = request.GET.get("state", "all"), request.GET.get("page", "1")
    state = state if state in comments.STATES else "all"
    page = comments.page(journey, state=state, number=int(number) if number in _NUMBERS else 1)
    labels = {"all": _("All"), "open": _("Open"), "resolved": _("Resolved")}
    options = [{"url": f"?state={one}", "label": labels[one], "is_current": one == state} for one in comments.STATES]
    context = {"journey": journey, "page": page, "state": state, "options": options}
    return render(request, "journeys/comment_list.html", context)


_NUMBERS = {str(number) for number in range(1, 1000)}


# --- Share links


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def share_links(request: HttpRequest, pk: int) -> HttpResponse:
    journey = _journey(pk)
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        sharing.share(journey=journey, **form.cleaned_data, by=signed_in(request), now=timezone.now())
        toasts.success(request, _("The link is made. Copy its address and send it to your guests."))
        return redirect("share_links", pk=pk)
    context = {"journey": journey, "rows": _addressed(journey), "form": form}
    response = render(request, "journeys/share_links.html", context, status=422 if form.is_bound else 200)
    response["Cache-Control"] = "no-store"
    return response


def _addressed(journey: Journey) -> list[tuple[ShareLink, str]]:
    return [(link, "" if link.revoked_at else shared.address(link)) for link in shared.links_of(journey)]


@require_POST
@may(Act.DESIGN)
def share_link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(ShareLink, pk=pk)
    sharing.revoke(link=link, now=timezone.now())
    toasts.success(request, _("Revoked: whoever opens “%(name)s” is told that it is closed.") % {"name": link.name})
    return redirect("share_links", pk=link.journey_id)


# --- As slides


@require_GET
@may(Act.SEE_MAPS)
def map_present(request: HttpRequest, pk: int) -> HttpResponse:
    """The published map, a stage a slide; of one that was never published its draft."""
    journey = _journey(pk)
    snapshot = shared.without_people(shared.snapshot_of(journey))
    page = page_of(snapshot, customers_by_stage(journey))
    context: dict[str, Any] = {"journey": journey, "said": snapshot, "map": page}
    return render(request, "journeys/map_present.html", context)
