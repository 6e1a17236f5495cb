import pytest
from django.urls import reverse

from apps.staff.enums import Role
from apps.staff.models import User
from tests.factories import staff

PASSWORD = "walks in the rain"


@pytest.fixture(autouse=True)
def _no_tries_of_other_tests(settings, request) -> None:
    """Sign-ins are counted in the cache, by address and by name."""
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.nodeid}
    settings.CACHES = {"default": cache}


def with_password(role: Role) -> User:
    user = staff(role)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(client, user: User):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


@pytest.fixture
def admin() -> User:
    return with_password(Role.ADMIN)


@pytest.fixture
def office(client, admin):
    """A client signed in as an admin, through the sign-in page."""
    assert log_in(client, admin).status_code == 302
    return client


@pytest.fixture
def sure(office):
    """The same, having typed the password once more."""
    assert office.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return office
