"""Live streams (SSE), served by the ASGI process. One LISTEN connection a process feeds all open pages; what is sent
says only "look again", the page then asks for what it may see."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import aget_user
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponseForbidden, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.core.actions import LIVE_CHANNEL
from apps.staff.enums import Act
from apps.staff.models import User

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15
MAX_STREAM_SECONDS = 3600  # then the page connects anew
_RECONNECT_SECONDS = 2


class _Hub:
    """Hands notifications to the streams that wait for a customer."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def join(self, customer_id: int) -> asyncio.Event:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        event = asyncio.Event()
        self._waiting[customer_id].add(event)
        return event

    def leave(self, customer_id: int, event: asyncio.Event) -> None:
        self._waiting[customer_id].discard(event)
        if not self._waiting[customer_id]:
            del self._waiting[customer_id]

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except psycopg.Error as error:
                logger.warning("live: the database is away: %s", type(error).__name__)
                await asyncio.sleep(_RECONNECT_SECONDS)
                self._wake(list(self._waiting))  # something may have been missed

    async def _listen_once(self) -> None:
        parameters = {k: v for k, v in connection.get_connection_params().items() if k in _CONNECT}
        async with await psycopg.AsyncConnection.connect(autocommit=True, **parameters) as listening:
            await listening.execute(f"LISTEN {LIVE_CHANNEL}")
            async for notice in listening.notifies():
                self._wake(json.loads(notice.payload))

    def _wake(self, customer_ids: list[int]) -> None:
        for customer_id in customer_ids:
            for event in self._waiting.get(customer_id, ()):
                event.set()


_CONNECT = {"dbname", "user", "password", "host", "port", "sslmode"}
_hub = _Hub()


@login_not_required  # the answer is 403, not a page to sign in
async def customer_stream(request: HttpRequest, pk: int) -> HttpResponseBase:
    if not await _may_see(request):
        return _with_cors(HttpResponseForbidden())
    response = StreamingHttpResponse(_stream(request, pk), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return _with_cors(response)


async def _may_see(request: HttpRequest) -> bool:
    """Asks the database anew: the session may have been ended, the user disabled."""
    request.session = SessionStore(request.session.session_key)
    user: User | AnonymousUser = await aget_user(request)
    return user.is_authenticated and await sync_to_async(user.has_perm)(Act.SEE_CUSTOMERS.permission)


def _with_cors[R: HttpResponseBase](response: R) -> R:
    """In the embedded default the stream has a port of its own."""
    response["Access-Control-Allow-Origin"] = settings.PUBLIC_URL
    response["Access-Control-Allow-Credentials"] = "true"
    return response


async def _stream(request: HttpRequest, customer_id: int) -> AsyncIterator[str]:
    event = _hub.join(customer_id)
    clock = asyncio.get_running_loop().time
    until, ask_at = clock() + MAX_STREAM_SECONDS, clock() + KEEP_ALIVE_SECONDS
    try:
        yield "retry: 3000\n\n"
        while clock() < until:
            if clock() >= ask_at:
                if not await _may_see(request):
                    return
                ask_at = clock() + KEEP_ALIVE_SECONDS
            try:
                await asyncio.wait_for(event.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            event.clear()
            yield "event: interaction\ndata: 1\n\n"
    finally:
        _hub.leave(customer_id, event)
