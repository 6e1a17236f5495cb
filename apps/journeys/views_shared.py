"""The map behind a share link: no login, no script. The signed token is the whole authority."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import links
from apps.journeys.actions import comments, sharing
from apps.journeys.forms_together import GuestCommentForm
from apps.journeys.models import ShareLink
from apps.journeys.selectors import sharing as shared
from apps.staff.throttles import GuestThrottle


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return links.private(response)


def _open(request: HttpRequest, token: str) -> ShareLink | HttpResponse:
    """The link, or the page that says why there is none."""
    try:
        return shared.opened(token)
    except shared.Gone:
        return _private(render(request, "journeys/map_closed.html", {"is_revoked": True}, status=410))
    except (links.BadLink, ShareLink.DoesNotExist):
        return _private(render(request, "journeys/map_closed.html", {"is_revoked": False}, status=404))


@login_not_required
@require_GET
def map_shared(request: HttpRequest, token: str) -> HttpResponse:
    link = _open(request, token)
    if isinstance(link, HttpResponse):
        return link
    sharing.note_opening(link=link, now=timezone.now())
    context = {"page": shared.shared_map(link), "link": link, "token": token}
    return _private(render(request, "journeys/map_shared.html", context))


@login_not_required
@require_GET
def map_shared_image(request: HttpRequest, token: str, digest: str) -> HttpResponse:
    link = _open(request, token)
    if isinstance(link, HttpResponse):
        return link
    image = shared.picture(link, digest)
    if image is None:
        raise Http404
    response = _private(HttpResponse(bytes(image.content), content_type=image.content_type))
    response["Cache-Control"] = "private, max-age=3600"  # it never changes; the link may be revoked
    return response


# There is no session that a forged request could use.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def map_shared_card(request: HttpRequest, token: str, key: UUID) -> HttpResponse:
    """What guests with this link said about a card; where it takes comments."""
    link = _open(request, token)
    if isinstance(link, HttpResponse):
        return link
    card = shared.shared_card(link, key) if link.takes_comments else None
    if card is None:
        raise Http404
    form = GuestCommentForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = _posted(request, link, key, form)
        if status == 200:
            url = reverse("map_shared_card", kwargs={"token": token, "key": key})
            return _private(HttpResponseRedirect(f"{url}#said"))
    context: dict[str, Any] = {"link": link, "token": token, "card": card, "form": form}
    context["rows"] = shared.guest_comments(link, key)
    return _private(render(request, "journeys/map_shared_card.html", context, status=status))


def _posted(request: HttpRequest, link: ShareLink, key: UUID, form: GuestCommentForm) -> int:
    """200 when there is nothing to mend."""
    if form.is_by_a_program:
        return 200
    if not form.is_valid():
        return 422
    if not GuestThrottle("guest", "20/min").allows(request):
        form.add_error(None, _("Many comments came from here just now. Wait a minute, then send it again."))
        return 429
    data = form.cleaned_data
    try:
        comments.say_as_guest(link_id=link.pk, key=key, name=data["name"], text=data["text"], now=timezone.now())
    except comments.Closed as error:
        form.add_error(None, str(error))
        return 409
    return 200
