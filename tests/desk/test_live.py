"""Live streams end when their session does."""

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import AsyncRequestFactory, Client

from apps.desk import live
from apps.staff.actions import people
from apps.staff.enums import Role
from tests.factories import staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def request_of():
    def make(client: Client):
        request = AsyncRequestFactory().get("/live/customers/1/")
        request.session = SessionStore(client.session.session_key)
        request.user = AnonymousUser()
        return request

    return make


def test_whoever_may_not_see_customers_gets_no_stream(request_of):
    for role, may in ((Role.VIEWER, False), (Role.AGENT, True)):
        client = Client()
        client.force_login(staff(role))
        assert async_to_sync(live._may_see)(request_of(client)) is may
    assert async_to_sync(live._may_see)(request_of(Client())) is False


@pytest.mark.parametrize("how", ["disabled", "logged out", "another role"])
def test_a_stream_ends_with_its_session(request_of, monkeypatch, how):
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(live._Hub, "_listen", _nothing)
    user, admin = staff(Role.AGENT), staff(Role.ADMIN)
    client = Client()
    client.force_login(user)
    request = request_of(client)

    def end() -> None:
        if how == "logged out":
            client.logout()
            return
        role = Role.VIEWER if how == "another role" else Role.AGENT
        people.change(user=user, name="A", role=role, department=None, is_active=how != "disabled", by=admin)

    assert async_to_sync(_lines)(request, end) >= 3


async def _nothing(_hub) -> None:
    return None


async def _lines(request, end) -> int:
    """How many lines came; the stream ends by itself or this never returns."""
    count = 0
    async for _line in live._stream(request, 1):
        count += 1
        if count == 3:
            await sync_to_async(end)()
    return count
