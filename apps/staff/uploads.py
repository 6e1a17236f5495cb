"""A large file is written to disk as it comes, and no further than it may be."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from apps.core.tables import limits

_FORM_AROUND_BYTES = 64 * 1024


class CappedUpload(TemporaryFileUploadHandler):
    is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > limits.MAX_FILE_BYTES:
            self.is_too_large = True
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)


def cap_upload(request: HttpRequest) -> None:
    """To be called before anybody reads the body."""
    request.upload_handlers = [CappedUpload(request)]


def says_too_large(request: Any) -> bool:
    return int(request.META.get("CONTENT_LENGTH") or 0) > limits.MAX_FILE_BYTES + _FORM_AROUND_BYTES


def is_too_large(request: Any) -> bool:
    """What says so by itself is not read at all."""
    if says_too_large(request):
        return True
    is_whole = bool(request.FILES)  # reads the body
    stopped = any(isinstance(one, CappedUpload) and one.is_too_large for one in request.upload_handlers)
    return stopped and not is_whole


def takes_large_file[**P](
    refuse: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """`refuse` answers 413. What says by itself that it is too large is not read at all."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @csrf_protect
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            return (refuse if is_too_large(request) else view)(request, *args, **kwargs)

        # The handler must be there before anybody reads the body, and the CSRF check reads it: so that comes after.
        @csrf_exempt
        @wraps(view)
        def with_handler(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if says_too_large(request):
                return refuse(request, *args, **kwargs)
            cap_upload(request)
            return checked(request, *args, **kwargs)

        return with_handler

    return decorate
