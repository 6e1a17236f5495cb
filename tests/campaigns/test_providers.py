"""The rate of a provider and its circuit breaker, over all workers."""

from datetime import timedelta

import pytest

from apps.campaigns import tasks
from apps.campaigns.actions import delivering, providers, running
from apps.campaigns.enums import Way
from apps.campaigns.models import Message, Provider
from apps.core import wake
from tests.factories import CustomerFactory, campaign, enrolled, published_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(now):
    """Seven mails."""
    published_shop(now)
    thank_you = campaign(now)
    for number in range(7):
        enrolled(thank_you, CustomerFactory(email=f"c{number}@mail.example"), now, cause=f"entry:{number}")
    running.run_due(now=now)
    assert Message.objects.due(now).count() == 7


@pytest.fixture
def woken(monkeypatch):
    queues: list[str] = []
    monkeypatch.setattr(wake, "on_commit", queues.append)
    return queues


class TestRate:
    @pytest.fixture(autouse=True)
    def three_a_second(self, settings):
        settings.SEND_RATES = {"email": 3}

    def test_each_second_as_many_and_somebody_looks_again_until_nothing_is_due(self, due, now, woken):
        taken = []
        for milliseconds in (0, 500, 1100, 1600, 2200, 3300):
            woken.clear()
            when = now + timedelta(milliseconds=milliseconds)
            taken.append((delivering.deliver_due(now=when, clock=lambda when=when: when), "deliver" in woken))
        assert taken == [(3, True), (0, True), (3, True), (0, True), (1, False), (0, False)]

    def test_two_who_ask_in_the_same_second_share_it(self, now):
        counts = [providers.allowance(way=Way.EMAIL, wanted=2, now=now).count for _ in range(3)]
        assert counts == [2, 1, 0]


class TestBreaker:
    def test_a_new_process_knows_of_the_trouble_and_ends_it(self, due, now, monkeypatch):
        monkeypatch.setattr(providers, "_failing", set())
        Provider.objects.create(name="kept", failures=6, detail="down")
        assert providers.allowance(way=Way.EMAIL, wanted=100, now=now).count == 1
        tasks.deliver_due()
        assert Provider.objects.get(pk="kept").failures == 0
        assert not Message.objects.due(now).exists()
