"""How often the API may be called: each caller has a bucket for reading, one for writing and one for what is heavy; no
header gets a fresh one, and a cache that is away stops nobody."""

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from apps.core import links
from apps.journeys.models import Card, ShareLink
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.throttles import ApiThrottle
from tests.factories import CustomerFactory, published_shop, staff

pytestmark = pytest.mark.django_db
READ, WRITE, HEAVY = "/api/journeys/", "/api/touchpoints/", "/api/segments/preview/"
RULE = {"rule": {"trait": ["plan", "=", "gold"]}}


@pytest.fixture(autouse=True)
def few(monkeypatch):
    for scope, rate in {"reading": "3/min", "writing": "2/min", "heavy": "1/min"}.items():
        monkeypatch.setitem(ApiThrottle.THROTTLE_RATES, scope, rate)


def client_of(user=None, **headers: str) -> Client:
    client = Client(headers=headers)
    if user:
        client.force_login(user)
    return client


def key(name: str) -> Client:
    return client_of(Authorization=f"Api-Key {api_keys.create(name=name, scopes=['read', 'write', 'personal'])}")


def read(client: Client, **headers: str) -> int:
    return client.get(READ, headers=headers).status_code


def write(client: Client) -> int:
    return client.post(WRITE, "{}", content_type="application/json").status_code


def heavy(client: Client) -> int:
    return client.post(HEAVY, RULE, content_type="application/json").status_code


def test_too_often_is_429_and_says_when_to_come_again():
    client = client_of(staff(Role.MARKETER))
    assert [read(client) for _ in range(3)] == [200] * 3
    refused = client.get(READ)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "throttled" in refused.json()["detail"]


@pytest.mark.parametrize("caller", [lambda: client_of(staff(Role.MARKETER)), lambda: key("One")], ids=["user", "key"])
def test_reading_writing_and_what_is_heavy_are_counted_apart(caller):
    client = caller()
    assert [read(client) for _ in range(4)] == [200, 200, 200, 429]
    assert [write(client) for _ in range(3)] == [400, 400, 429]
    assert [heavy(client) for _ in range(2)] == [200, 429]
    assert read(client) == 429, "the others gave nothing back"


def test_each_caller_has_a_bucket():
    user, other = staff(Role.MARKETER), staff(Role.MARKETER)
    callers = [client_of(user), client_of(other), key("One"), key("Two")]
    for client in callers:
        assert [read(client) for _ in range(4)] == [200, 200, 200, 429]
    assert read(client_of(user)) == 429, "a second session is the same person"


def test_who_is_refused_is_not_counted():
    viewer = client_of(staff(Role.VIEWER))
    assert [write(viewer) for _ in range(4)] == [403] * 4
    assert [read(Client()) for _ in range(5)] == [401] * 5


@pytest.mark.parametrize("caller", [lambda: client_of(staff(Role.MARKETER)), lambda: key("One")], ids=["user", "key"])
def test_no_forged_address_gives_a_fresh_bucket(caller):
    client = caller()
    codes = [
        read(client, **{"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"}) for n in range(9)
    ]
    assert codes == [200] * 3 + [429] * 6


class TestByAddress:
    """Guests of a shared map have nothing but their address."""

    @pytest.fixture
    def say(self, now):
        journey = published_shop(now)
        link = ShareLink.objects.create(journey=journey, name="Workshop", takes_comments=True, created_at=now)
        card = Card.objects.filter(step__stage__journey=journey).latest("pk")
        url = reverse("map_shared_card", kwargs={"token": links.sign("map", link.pk), "key": card.key})

        def say(forwarded: str) -> int:
            fields = {"name": "Guest", "text": "Why?"}
            return Client().post(url, fields, headers={"X-Forwarded-For": forwarded}).status_code

        return say

    def test_without_a_proxy_the_header_is_not_believed(self, say):
        codes = [say(f"198.51.100.{n}") for n in range(22)]
        assert 429 not in codes[:20]
        assert codes[20:] == [429, 429]

    def test_of_the_header_only_what_our_proxy_wrote_counts(self, say, settings):
        settings.REST_FRAMEWORK = {**configured.REST_FRAMEWORK, "NUM_PROXIES": 1}
        codes = [say(f"198.51.100.{n}, 203.0.113.9") for n in range(21)]
        assert 429 not in codes[:20]
        assert codes[20] == 429
        assert say("198.51.100.1, 203.0.113.10") != 429, "another guest behind the same proxy"


def test_a_cache_that_is_away_stops_nobody(settings, caplog):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    for client in (client_of(staff(Role.MARKETER)), key("One")):
        assert [read(client) for _ in range(5)] == [200] * 5
        assert [heavy(client) for _ in range(3)] == [200] * 3
    assert "no throttling: ConnectionError" in caplog.text


def test_what_costs_the_database_much_is_heavy(now):
    journey, customer = published_shop(now), CustomerFactory()
    named = {
        "api_segment_preview": {}, "api_customer_export": {"pk": customer.pk}, "api_journey_funnel": {"pk": journey.pk},
        "api_journey_export": {"pk": journey.pk},
    }  # fmt: skip
    for name, kwargs in named.items():
        assert resolve(reverse(name, kwargs=kwargs)).func.cls.throttle_scope == "heavy", name
    admin = client_of(staff(Role.ADMIN))
    assert admin.get(reverse("api_journey_funnel", args=[journey.pk])).status_code == 200
    assert admin.get(reverse("api_journey_funnel", args=[journey.pk])).status_code == 429
    assert admin.get(reverse("api_customer_export", args=[customer.pk])).status_code == 429, "one bucket for all of it"


def test_every_scope_that_a_view_names_has_a_rate():
    rates = set(configured.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    views = [pattern.callback.cls for pattern in _patterns(get_resolver()) if hasattr(pattern.callback, "cls")]
    assert {view.throttle_scope for view in views if hasattr(view, "throttle_scope")} <= rates
    assert all(ApiThrottle in view.throttle_classes for view in views)


def _patterns(resolver):
    for pattern in resolver.url_patterns:
        yield from _patterns(pattern) if hasattr(pattern, "url_patterns") else [pattern]
