"""What load balancers and Prometheus ask. No session, no cookie, no login; config/wsgi.py answers them without the
middleware, so that they also work by IP address and while the database is away."""

import hmac
import ipaddress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import health, metrics


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when pages can be served and work can be handed to workers, else 503."""
    findings = health.readiness()
    is_ready = all(finding.level is health.Level.OK for finding in findings)
    checks = [{"check": f.what, "ok": f.level is health.Level.OK, "says": f.says} for f in findings]
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


@login_not_required
@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """For who knows METRICS_TOKEN; where none is set, for this machine."""
    if not _may_scrape(request):
        text = "Scrape with `Authorization: Bearer` and METRICS_TOKEN; without that setting only from this machine.\n"
        return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    # A proxy on this machine passes on the requests of strangers.
    is_passed_on = any(name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"))
    return _is_this_machine(request.META.get("REMOTE_ADDR", "")) and not is_passed_on


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
