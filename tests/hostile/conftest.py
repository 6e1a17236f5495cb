import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.staff.enums import Role
from apps.staff.throttles import ApiThrottle
from tests.architecture import world
from tests.hostile.paths import Ground
from tests.staff.conftest import PASSWORD, log_in, with_password


@pytest.fixture
def ground(db, now, settings, monkeypatch) -> Ground:
    """One of everything, and an admin who has just typed the password."""
    monkeypatch.setattr(ApiThrottle, "allow_request", lambda *_args: True)  # more texts than anybody may send
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 86_400  # all the texts take longer than it lasts
    cache.clear()
    client = Client(raise_request_exception=False)
    assert log_in(client, with_password(Role.ADMIN)).status_code == 302
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return Ground(client, world.build(now), now)
