"""How often the API may be called: by key, else by user, else by address; counted in the cache that all processes
share. A cache that is away stops nobody."""

import logging
from typing import Any, cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.staff.authentication import KeyHolder

logger = logging.getLogger(__name__)
_READING = {"GET", "HEAD", "OPTIONS"}


class ApiThrottle(SimpleRateThrottle):
    """Scopes: reading, writing, and what a view names as its own `throttle_scope` (heavy)."""

    scope = "reading"

    def allow_request(self, request: Request, view: Any) -> bool:
        self.scope = getattr(view, "throttle_scope", "reading" if request.method in _READING else "writing")
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:  # noqa: BLE001 - any trouble of the cache
            logger.warning("no throttling: %s", type(error).__name__)
            return True

    def get_cache_key(self, request: Request, _view: Any) -> str:
        holder: Any = request.user
        if isinstance(holder, KeyHolder):
            who = f"key{holder.key.pk}"
        else:
            who = f"user{holder.pk}" if holder.is_authenticated else self.get_ident(request)
        return f"throttle:{self.scope}:{who}"


class GuestThrottle(ApiThrottle):
    """For a public page of ours instead of a view of the API: by address, however many links."""

    def __init__(self, scope: str, rate: str) -> None:
        self.throttle_scope, self.guest_rate = scope, rate
        super().__init__()

    def get_rate(self) -> str:
        return self.guest_rate

    def allows(self, request: HttpRequest) -> bool:
        return self.allow_request(cast("Request", request), self)
