from typing import Any

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.core.signing import SignatureExpired
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core import links
from apps.core.htmx import render
from apps.staff.actions import invites
from apps.staff.forms import JoinForm
from apps.staff.models import Invite


@login_not_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Where somebody who was invited chooses a password and is signed in."""
    now = timezone.now()
    try:
        invite = _invite(token)
        invites.check(invite, now=now)
        form = JoinForm(request.POST or None, email=invite.email, initial={"name": invite.name})
        if request.method == "POST" and form.is_valid():
            return _signed_in(request, invites.accept(invite_pk=invite.pk, **form.cleaned_data, now=now))
    except invites.InviteClosed as error:
        return links.private(render(request, "staff/join_closed.html", {"text": str(error)}, status=410))
    context = {"form": form, "invite": invite}
    page = render(request, "staff/join.html", context, status=422 if form.is_bound else 200)
    return links.private(page, is_guarded=True)


def _invite(token: str) -> Invite:
    try:
        return Invite.objects.select_related("invited_by").get(pk=links.read("invite", token))
    except links.BadLink as error:
        if isinstance(error.__cause__, SignatureExpired):
            raise invites.InviteClosed(_("This invitation is more than seven days old. Ask for a new one.")) from error
        raise invites.InviteClosed(_("The link was cut off. Copy it once more, whole, from the message.")) from error
    except Invite.DoesNotExist as error:
        raise invites.InviteClosed(_("This invitation no longer exists. Ask for a new one.")) from error


def _signed_in(request: HttpRequest, user: Any) -> HttpResponse:
    response: HttpResponse = perform_login(request, user)
    return links.private(response)
