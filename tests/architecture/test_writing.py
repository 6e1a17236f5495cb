"""Every URL by every method that could change something, with each role, with none, and with each kind of API key."""

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from apps.staff.actions import api_keys
from apps.staff.enums import Role, Scope
from tests.architecture import world
from tests.architecture.test_access import OWN, POSTS, WHO
from tests.architecture.writes import (
    ADMINS,
    ALL,
    DESIGNERS,
    KEYS_READ,
    KEYS_WRITE,
    ONLY_ADMIN,
    PEOPLE,
    PERSONAL,
    READ,
    WRITE,
    WRITES,
)
from tests.factories import staff

pytestmark = pytest.mark.django_db
METHODS = ("post", "put", "patch", "delete")
WALKED = sorted(set(WHO) - OWN)
ROUTES = sorted(name for name in WHO if name.startswith("api_"))


@pytest.fixture(autouse=True)
def _no_requests_of_other_tests(settings, request) -> None:
    """They are counted in the cache, and the tests of a process share it."""
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.nodeid}
    settings.CACHES = {"default": cache}


@pytest.fixture
def kwargs(now):
    return world.build(now)


def may_write(name: str) -> set[Role]:
    return WRITES.get(name, WHO[name])


def ask(client: Client, method: str, name: str, kwargs: dict) -> HttpResponse:
    """Whatever it does is taken back, so that the next one finds the same world."""
    url, body = reverse(name, kwargs=kwargs.get(name)), {}
    if name.startswith("api_") and method != "get":
        body = {"data": "{}", "content_type": "application/json"}
    with transaction.atomic():
        response = getattr(client, method)(url, **body)
        transaction.set_rollback(True)
    return response


def taken(kwargs: dict) -> list[tuple[str, str]]:
    """Names and the methods that they take, as found with the role that may everything; once a process."""
    if not _TAKEN:
        admin = Client()
        admin.force_login(staff(Role.ADMIN))
        for name in WALKED:
            for method in METHODS:
                status = ask(admin, method, name, kwargs).status_code
                if status != 405:
                    _TAKEN[name, method] = status
    return list(_TAKEN)


_TAKEN: dict[tuple[str, str], int] = {}


def test_whatever_can_be_written_says_who_may_and_the_rest_says_nothing(kwargs):
    written = {name for name, _method in taken(kwargs)}
    unsaid = {name for name in written - set(WRITES) - POSTS if WHO[name] in (ALL, PEOPLE)}
    assert not unsaid, f"say in tests/architecture/writes.py who may write: {sorted(unsaid)}"
    vain = (set(WRITES) | POSTS & set(WALKED)) - written
    assert not vain, f"nothing can be written there: {sorted(vain)}"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_writes_what_the_table_says(role, client, kwargs):
    client.force_login(staff(role))
    for name, method in taken(kwargs):
        status = ask(client, method, name, kwargs).status_code
        if role in may_write(name):
            assert status < 500, (name, method, status)
            assert status not in {401, 403, 404, 405}, (name, method, status)
        else:
            assert status == 403, (name, method, status)


def test_nobody_writes_without_signing_in(client, kwargs):
    for name, method in taken(kwargs):
        response = ask(client, method, name, kwargs)
        if name.startswith("api_"):
            assert response.status_code == 401, (name, method)
        else:
            assert response.status_code == 302, (name, method)
            assert reverse(settings.LOGIN_URL) in response["Location"], (name, method)


def enough(name: str, method: str) -> set[Scope]:
    """The scopes that open a route, `admin` apart."""
    roles = WHO[name] if method == "get" else may_write(name)
    by_roles = [(ALL, READ), (PEOPLE, PERSONAL), (DESIGNERS, WRITE), (ADMINS, ONLY_ADMIN)]
    said = KEYS_READ if method == "get" else KEYS_WRITE
    if name in said:
        return said[name]
    found = [scopes for circle, scopes in by_roles if circle == roles]
    assert found, f"say in tests/architecture/writes.py which scope is enough to {method} {name}"
    return found[0]


def routes(kwargs: dict) -> list[tuple[str, str]]:
    """API routes and what they can be asked."""
    views = {name: resolve(reverse(name, kwargs=kwargs.get(name))).func for name in ROUTES}
    reading = [(name, "get") for name, view in views.items() if hasattr(view.cls, "get")]
    return reading + [(name, method) for name, method in taken(kwargs) if name in views]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_what_its_scope_says_and_nothing_else(scope, client, kwargs):
    key = Client(headers={"Authorization": f"Api-Key {api_keys.create(name='One', scopes=[scope.value])}"})
    opened = 0
    for name, method in routes(kwargs):
        status = ask(key, method, name, kwargs).status_code
        if scope is Scope.ADMIN or scope in enough(name, method):
            opened += 1
            assert status < 500, (name, method, status)
            assert status not in {401, 403, 404, 405}, (name, method, status)
        else:
            assert status == 403, (name, method, status)
    assert opened >= 5


def test_no_key_and_a_wrong_one_open_nothing(kwargs):
    for headers in ({}, {"Authorization": "Api-Key mp_00000000_" + "x" * 43}):
        stranger = Client(headers=headers)
        for name, method in routes(kwargs):
            assert ask(stranger, method, name, kwargs).status_code == 401, (name, method)


def test_a_key_opens_no_page(kwargs):
    key = Client(headers={"Authorization": f"Api-Key {api_keys.create(name='All', scopes=['admin'])}"})
    for name in sorted(set(WALKED) - set(ROUTES)):
        status = ask(key, "post" if name in POSTS else "get", name, kwargs).status_code
        assert status == 302, (name, status)
