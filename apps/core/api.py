"""Shared parts of the REST API. Lists are cursor-paged: `results`, `next` (absolute URL or null)."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


class Conflict(ValidationError):
    """The state of the thing does not allow this."""

    status_code = 409


def page_size(request: Request) -> int:
    asked = request.query_params.get("page_size", str(PAGE_SIZE))
    if not asked.isdecimal() or len(asked) > 3 or not 1 <= int(asked) <= MAX_PAGE_SIZE:
        raise ValidationError({"page_size": f"Use a whole number from 1 to {MAX_PAGE_SIZE}."})
    return int(asked)


def paged[T: Model](
    request: Request,
    queryset: QuerySet[T],
    *,
    time_field: str,
    render: Callable[[list[T]], list[dict[str, Any]]],
) -> Response:
    cursor = request.query_params.get("cursor")
    try:
        page = keyset.newest_first(queryset, time_field=time_field, cursor=cursor, size=page_size(request))
    except keyset.BadCursor as error:
        raise ValidationError({"cursor": str(error)}) from error
    return Response({"results": render(page.rows), "next": next_page(request, page.next_cursor)})


def next_page(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


def whole(request: Request, results: list[dict[str, Any]]) -> Response:
    """A list that always fits one page."""
    page_size(request)
    if request.query_params.get("cursor"):
        raise ValidationError({"cursor": "This list is one page."})
    return Response({"results": results, "next": None})
