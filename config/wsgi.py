import os
from collections.abc import Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

pages = get_wsgi_application()


class _Ingestion(WSGIHandler):
    """Event clients have no session, no cookie and no page, so none of the middleware: it costs as much as storing an
    event does."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


ingestion = _Ingestion()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    handler = ingestion if environ["PATH_INFO"].startswith("/v1/") else pages
    return handler(environ, start_response)
