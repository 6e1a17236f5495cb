"""A page and its fragments come from one template: the fragment is a partialdef that HX-Target names."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.utils.cache import patch_vary_headers


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    partials: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """`partials` maps the id of a target element to the name of a partialdef in `template`. Boosted and
    history-restore requests get the full page."""
    partial = _wanted_partial(request, partials or {})
    name = f"{template}#{partial}" if partial else template
    response = django_render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _wanted_partial(request: HttpRequest, partials: Mapping[str, str]) -> str | None:
    headers = request.headers
    if headers.get("HX-Request") != "true" or headers.get("HX-Boosted") == "true":
        return None
    if headers.get("HX-History-Restore-Request") == "true":
        return None
    return partials.get(headers.get("HX-Target", ""))
