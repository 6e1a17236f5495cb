from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.csp import CSP

type GetResponse = Callable[[HttpRequest], HttpResponse]

ADMIN_POLICY = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.UNSAFE_INLINE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}


def admin_policy(get_response: GetResponse) -> GetResponse:
    """The admin's theme needs eval and inline styles; nothing else does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_config = ADMIN_POLICY  # type: ignore[attr-defined]  # noqa: SLF001 - what csp_override sets
        return response

    return middleware


def viewer_time_zone(get_response: GetResponse) -> GetResponse:
    """Times are shown in the zone of the member of staff who looks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
        if not zone:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware
