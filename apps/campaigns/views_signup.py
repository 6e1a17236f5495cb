"""Sign-up by web forms of other sites, and its confirmation: no login, no script. A GET changes nothing."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.campaigns.actions import signups
from apps.campaigns.forms_topics import SubscribeForm
from apps.campaigns.models import Confirmation
from apps.core import links
from apps.core.models import CompanySettings
from apps.customers.models import Topic
from apps.staff.throttles import GuestThrottle


# Forms of other sites post here, and there is no session that a forged request could use.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def subscribe(request: HttpRequest, token: str) -> HttpResponse:
    topic = _topic(token)
    if topic is None:
        return links.private(render(request, "core/link_invalid.html", status=404))
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    status = _asked(request, topic, form) if request.method == "POST" else 0
    if status == 200:
        return links.private(render(request, "campaigns/subscribed.html", {"topic": topic}))
    context = {"topic": topic, "form": form, "wording": signups.wording(topic, CompanySettings.current())}
    return links.private(render(request, "campaigns/subscribe.html", context, status=status or 200))


def _topic(token: str) -> Topic | None:
    try:
        return Topic.objects.filter(pk=links.read("subscribe", token)).first()
    except links.BadLink:
        return None


def _asked(request: HttpRequest, topic: Topic, form: SubscribeForm) -> int:
    """200 whatever is known of the address."""
    if form.is_by_a_program:
        return 200
    if not form.is_valid():
        return 422
    if not GuestThrottle("sign-up", "20/hour").allows(request):
        form.add_error(None, _("Many sign-ups came from here just now. Try again in an hour."))
        return 429
    try:
        signups.ask(address=form.cleaned_data["email"], topic=topic, now=timezone.now())
    except signups.CannotAsk as error:
        form.add_error("email", str(error))
        return 422
    return 200


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Scanners open links: only the button confirms."""
    try:
        row = Confirmation.objects.select_related("topic").filter(pk=links.read("confirm", token)).first()
    except links.BadLink:
        row = None
    is_done = False
    if row is not None and request.method == "POST":
        is_done = signups.confirm(confirmation=row, now=timezone.now())
    if row is None or (request.method == "POST" and not is_done):
        return links.private(render(request, "core/link_invalid.html", status=404))
    context = {"confirmation": row, "is_done": is_done or row.confirmed_at is not None}
    return links.private(render(request, "campaigns/confirm.html", context))
