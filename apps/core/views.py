import sys
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.defaults import page_not_found

from apps.core.context_processors import THEMES

RETRY_AFTER_SECONDS = "5"


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


def site_script(name: str) -> HttpResponse:
    """A script of ours for other people's pages, at an address that stays."""
    path = finders.find(name)
    if not isinstance(path, str):
        raise Http404
    response = HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away is 503 with Retry-After, so that clients come back; anything else is 500."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_away else 500
    if request.path.startswith(("/v1/", "/api/")):
        text = "The database is away. Try again." if is_away else "Something went wrong on our side."
        response: HttpResponse = JsonResponse({"success": False, "error": text}, status=status)
    else:
        response = HttpResponse(_plain_page(request, f"{status}.html"), status=status)
    if is_away:
        response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Callers of the API read JSON, wherever the path leads."""
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "There is no such thing."}, status=404)
    return page_not_found(request, exception)


def _plain_page(request: HttpRequest, template: str) -> bytes:
    # Context processors read the database, which may be what is away.
    return render(None, template).content
