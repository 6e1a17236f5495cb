"""POST /v1/<type>: what event clients talk to. Contract: shared/data/client_captures/CONTRACT.md."""

import base64
import binascii
import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from apps.core.views import RETRY_AFTER_SECONDS, site_script
from apps.touchpoints import wire
from apps.touchpoints.actions import ingest

logger = logging.getLogger(__name__)

_OK = b'{"success":true}'


@csrf_exempt
@login_not_required
def collect(request: HttpRequest, kind: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return _with_cors(HttpResponse(status=204))
    if request.method != "POST":
        return _with_cors(_refuse("Send events by POST.", status=405, headers={"Allow": "POST, OPTIONS"}))
    try:
        return _with_cors(_collect(request, wire.TYPES.get(kind, kind)))
    except wire.WireError as error:
        return _with_cors(_refuse(str(error), status=error.status))
    except (RequestDataTooBig, UnreadablePostError):
        return _with_cors(_refuse("The body is too large or was cut off.", status=413))
    except (OperationalError, InterfaceError) as error:
        logger.warning("ingestion: the database is away: %s", type(error).__name__)
        return _with_cors(
            _refuse("The database is away. Try again.", status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})
        )


def _collect(request: HttpRequest, kind: str) -> HttpResponse:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    payload = wire.parse(wire.inflate(request.body, encoding=encoding))
    source = ingest.find_source(write_key=_write_key(request, payload))
    if source is None:
        return _refuse("The write key is missing or not valid. It stands on the source's page.", status=401)
    ingest.take(source=source, call=wire.open_call(kind, payload), received_at=timezone.now())
    return HttpResponse(_OK, content_type="application/json")


def _write_key(request: HttpRequest, payload: dict[str, Any]) -> str:
    """Basic user name, else writeKey in the body, else Bearer."""
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    if isinstance(payload.get("writeKey"), str):
        return str(payload["writeKey"])
    return value.strip() if scheme.lower() == "bearer" else ""


def _refuse(message: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse({"success": False, "error": message}, status=status, headers=headers)


def _with_cors(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Content-Encoding"
    response["Access-Control-Max-Age"] = "86400"
    return response


@login_not_required
def snippet(request: HttpRequest) -> HttpResponse:
    """/t.js, the web tracking script."""
    return site_script("js/t.js")
