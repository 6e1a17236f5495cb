"""Links and pictures in messages: no login, no script. What opens them is told apart, and repeats write nothing."""

import base64

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.campaigns import machines
from apps.campaigns.actions import tracking
from apps.campaigns.models import Message
from apps.core import links

# One transparent point.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class _Redirect(HttpResponseRedirect):
    """To exactly the signed address."""

    allowed_schemes = ["http", "https"]


@login_not_required
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    try:
        pk, url = links.read("click", token)
    except (links.BadLink, TypeError, ValueError):
        return links.private(render(request, "core/link_invalid.html", status=404))
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return links.private(render(request, "core/link_invalid.html", status=404))
    message = _message(pk)
    if message is not None:  # else its customer was erased; the link still leads where it says
        tracking.clicked(message=message, url=url, at=timezone.now(), is_machine=_is_machine(request, message))
    return links.private(_Redirect(url))


@login_not_required
@require_safe
def open_picture(request: HttpRequest, token: str) -> HttpResponse:
    """The same picture whatever the token is, so that a mail never looks broken."""
    try:
        message = _message(links.read("open", token))
    except links.BadLink:
        message = None
    if message is not None:
        tracking.opened(message=message, at=timezone.now(), is_machine=_is_machine(request, message))
    return links.private(HttpResponse(GIF, content_type="image/gif"))


def _message(pk: object) -> Message | None:
    if not isinstance(pk, int):
        return None
    return Message.objects.select_related("enrolment__campaign").filter(pk=pk).first()


def _is_machine(request: HttpRequest, message: Message) -> bool:
    return machines.is_machine(
        agent=request.headers.get("User-Agent", ""),
        method=request.method or "",
        headers=request.headers,
        sent_at=message.sent_at,
        at=timezone.now(),
    )
