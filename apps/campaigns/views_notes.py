"""What the snippet asks for on other people's pages: by the public write key and the id of the browser."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from apps.campaigns import machines
from apps.campaigns.actions import notes
from apps.campaigns.actions.notes import Note
from apps.touchpoints.actions import ingest
from apps.touchpoints.enums import SourceKind

_MOST_BODY = 2048


@csrf_exempt
@login_not_required
def web_notes(request: HttpRequest) -> HttpResponse:
    """GET /v1/notes?writeKey=…&anonymousId=…: the newest that this browser has not shown yet."""
    if request.method == "OPTIONS":
        return _with_cors(HttpResponse(status=204))
    if request.method != "GET":
        return _refuse("Ask by GET.", 405)
    if not _is_of_a_page(request.GET.get("writeKey")):
        return _refuse("The write key is missing, not valid or not one of a web page.", 401)
    found = notes.unseen(anonymous_id=request.GET.get("anonymousId"), now=timezone.now())
    return _with_cors(JsonResponse({"notes": [_told(note) for note in found]}))


def _told(note: Note) -> dict[str, Any]:
    return {"id": note.id, "title": note.title, "text": note.text, "link": note.link, "linkText": note.link_text}


@csrf_exempt
@login_not_required
def web_note_seen(request: HttpRequest) -> HttpResponse:
    """POST /v1/notes/seen {writeKey, anonymousId, id, clicked}."""
    if request.method == "OPTIONS":
        return _with_cors(HttpResponse(status=204))
    if request.method != "POST":
        return _refuse("Tell it by POST.", 405)
    try:
        data = _read(request)
    except (ValueError, RecursionError, RequestDataTooBig, UnreadablePostError):
        return _refuse("The body must be a small JSON object.", 400)
    if not _is_of_a_page(data.get("writeKey")):
        return _refuse("The write key is missing, not valid or not one of a web page.", 401)
    note_id = data.get("id")
    is_number = isinstance(note_id, int) and not isinstance(note_id, bool) and 0 < note_id < 2**62
    if is_number and not machines.is_machine_name(request.headers.get("User-Agent", "")):
        anonymous_id, is_clicked = data.get("anonymousId"), data.get("clicked") is True
        notes.seen(anonymous_id=anonymous_id, note_id=data["id"], is_clicked=is_clicked, now=timezone.now())
    return _with_cors(HttpResponse(status=204))  # the same for a note that is not theirs


def _read(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > _MOST_BODY:
        raise ValueError("too large")
    data = json.loads(request.body)
    if not isinstance(data, dict):
        raise ValueError("no object")  # noqa: TRY004 - the caller catches one kind
    return data


def _is_of_a_page(write_key: object) -> bool:
    source = ingest.find_source(write_key=write_key) if isinstance(write_key, str) else None
    return source is not None and source.kind == SourceKind.BROWSER


def _refuse(message: str, status: int) -> HttpResponse:
    return _with_cors(JsonResponse({"error": message}, status=status))


def _with_cors(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    response["Access-Control-Max-Age"] = "86400"
    response["Cache-Control"] = "no-store"
    return response
