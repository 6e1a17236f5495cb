"""Links in messages: no login, no script. A GET changes nothing, because scanners open every link."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.campaigns import preferences as pages
from apps.campaigns.actions import optouts
from apps.campaigns.actions import preferences as choices
from apps.campaigns.models import Message
from apps.core import links


# The signed token is the authority, and one-click unsubscribe (RFC 8058) comes without a cookie.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    message = _message("unsubscribe", token)
    if message is None:
        return _invalid(request)
    context = {"message": message, "preferences_token": links.sign("preferences", message.pk)}
    if request.method == "POST":
        everything = request.POST.get("everything") == "1"
        optouts.opt_out(message=message, everything=everything, now=timezone.now())
        context["everything"] = everything
        return links.private(render(request, "campaigns/unsubscribed.html", context))
    return links.private(render(request, "campaigns/unsubscribe.html", context))


# The signed token is the authority: there is no session that a forged request could use.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Topics by channel, and everything off."""
    message = _message("preferences", token)
    if message is None or message.topic is None:
        return _invalid(request)
    is_saved = request.method == "POST"
    if is_saved and request.POST.get("everything") == "off":
        choices.stop_everything(message=message, now=timezone.now())
    elif is_saved:
        shown, yes = request.POST.getlist("shown"), request.POST.getlist("yes")
        choices.save(message=message, shown=set(shown), yes=set(yes), now=timezone.now())
    context = {"message": message, "lines": pages.page_of(message), "is_saved": is_saved}
    return links.private(render(request, "campaigns/preferences.html", context))


def _invalid(request: HttpRequest) -> HttpResponse:
    return links.private(render(request, "core/link_invalid.html", status=404))


def _message(kind: str, token: str) -> Message | None:
    try:
        pk = links.read(kind, token)
    except links.BadLink:
        return None
    return Message.objects.select_related("topic", "customer").filter(pk=pk).first()
