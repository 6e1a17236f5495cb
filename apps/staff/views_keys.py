from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.staff.actions import api_keys
from apps.staff.enums import Act, Scope
from apps.staff.forms import ApiKeyForm
from apps.staff.models import ApiKey
from apps.staff.permissions import confirmed, may


@require_GET
@may(Act.ADMINISTER)
def key_list(request: HttpRequest) -> HttpResponse:
    keys = ApiKey.objects.active(timezone.now()).select_related("owner").order_by("name", "-created_at", "-pk")[:200]
    rows = [(key, [Scope(scope).label for scope in key.scopes]) for key in keys]
    return render(request, "staff/key_list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
@confirmed
def key_create(request: HttpRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        try:
            key, text = api_keys.create_new(**form.cleaned_data, owner=user, now=timezone.now())
        except api_keys.NameTaken as error:
            form.add_error("name", str(error))
        else:
            return _shown_once(request, key, text)
    return render(request, "staff/key_create.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@may(Act.ADMINISTER)
@confirmed
def key_renew(request: HttpRequest, pk: int) -> HttpResponse:
    old = get_object_or_404(ApiKey, pk=pk)
    try:
        key, text = api_keys.renew(key_pk=old.pk, now=timezone.now())
    except api_keys.KeyIsOff as error:
        toasts.error(request, str(error))
        return redirect("key_list")
    old.refresh_from_db()
    return _shown_once(request, key, text, old)


@require_POST
@may(Act.ADMINISTER)
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk)
    api_keys.revoke(key_pk=key.pk, now=timezone.now())
    toasts.success(request, _("Revoked: calls with this key are refused from now on."))
    return redirect("key_list")


def _shown_once(request: HttpRequest, key: ApiKey, text: str, old: ApiKey | None = None) -> HttpResponse:
    response = render(request, "staff/key_shown.html", {"key": key, "text": text, "old": old})
    response["Cache-Control"] = "no-store"
    return response
