import os
from collections.abc import Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

pages = get_wsgi_application()

from apps.core import metrics  # noqa: E402 - models are there from the line above on

_PROBES = {"/healthz", "/readyz", "/metrics"}


class _Bare(WSGIHandler):
    """Event clients and probes have no session, no cookie and no page, so none of the middleware: it costs as much as
    storing an event does."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        answer = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        self._middleware_chain = metrics.measure(answer)  # type: ignore[arg-type]  # never async here


bare = _Bare()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    handler = bare if path.startswith("/v1/") or path in _PROBES else pages
    return handler(environ, start_response)
