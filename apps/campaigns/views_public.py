"""Links in messages: no login, no script. A GET changes nothing, because scanners open every link."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.campaigns.actions import optouts
from apps.campaigns.models import Message
from apps.core import links


# The signed token is the authority, and one-click unsubscribe (RFC 8058) comes without a cookie.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    message = _message(token)
    if message is None:
        return links.private(render(request, "core/link_invalid.html", status=404))
    if request.method == "POST":
        everything = request.POST.get("everything") == "1"
        optouts.opt_out(message=message, everything=everything, now=timezone.now())
        return links.private(
            render(request, "campaigns/unsubscribed.html", {"message": message, "everything": everything})
        )
    return links.private(render(request, "campaigns/unsubscribe.html", {"message": message}))


def _message(token: str) -> Message | None:
    try:
        pk = links.read("unsubscribe", token)
    except links.BadLink:
        return None
    return Message.objects.select_related("topic", "customer").filter(pk=pk).first()
