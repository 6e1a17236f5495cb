"""Links and pictures in messages: forged tokens first, then who followed them, then what is written of it."""

from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import machines
from apps.campaigns.actions import tracking
from apps.campaigns.models import Click, Message
from apps.core import links, rules
from apps.core.comparison import RuleError
from apps.customers.models import Customer
from apps.touchpoints.models import Interaction
from tests.factories import published_shop, sent_message

pytestmark = pytest.mark.django_db

SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15"
URL = "https://shop.example/boots?size=9&utm_source=milepost#top"


@pytest.fixture
def message(now) -> Message:
    published_shop(now)
    made = sent_message(now)
    Message.objects.filter(pk=made.pk).update(sent_at=timezone.now() - timedelta(minutes=5))
    return Message.objects.get(pk=made.pk)


def follow(client, message: Message, url: str = URL, *, agent: str = SAFARI, method: str = "get", **headers: str):
    address = reverse("click", args=[links.sign("click", [message.pk, url])])
    return getattr(client, method)(address, headers={"User-Agent": agent, **headers})


def look(client, message: Message, *, agent: str = SAFARI):
    return client.get(reverse("open_picture", args=[links.sign("open", message.pk)]), headers={"User-Agent": agent})


def judged(*, after_seconds: float = 4) -> int:
    return tracking.judge(now=timezone.now() + timedelta(seconds=after_seconds))


def told(event: str) -> list[Interaction]:
    return list(Interaction.objects.filter(event=event).order_by("pk"))


class TestForged:
    @pytest.mark.parametrize("kind", ["open", "unsubscribe", "survey", "preferences"])
    def test_a_token_of_another_kind_leads_nowhere(self, client, message, kind):
        token = links.sign(kind, [message.pk, URL])
        assert client.get(reverse("click", args=[token])).status_code == 404

    @pytest.mark.parametrize(
        "value",
        [
            1,
            "x",
            [1],
            [1, 2],
            [1, "javascript:alert(1)"],
            [1, "//evil.example"],
            [1, "data:text/html,x"],
            [1, 2, 3],
            {},
        ],
    )
    def test_a_token_of_another_shape_leads_nowhere(self, client, db, value):
        assert client.get(reverse("click", args=[links.sign("click", value)])).status_code == 404

    def test_each_changed_letter_is_noticed(self, client, message):
        token = links.sign("click", [message.pk, URL])
        for place in range(0, len(token), 7):
            other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            assert client.get(reverse("click", args=[other])).status_code == 404
        assert not Click.objects.exists()

    def test_the_picture_is_the_same_and_writes_nothing(self, client, message):
        for token in ("x", signing.dumps(message.pk), links.sign("click", message.pk), links.sign("open", "x")):
            response = client.get(reverse("open_picture", args=[token]), headers={"User-Agent": SAFARI})
            assert (response.status_code, response["Content-Type"]) == (200, "image/gif")
        message.refresh_from_db()
        assert message.opened_at is None

    def test_nothing_is_taken_by_post(self, client, message):
        assert follow(client, message, method="post").status_code == 405


class TestClicks:
    def test_leads_to_exactly_the_address_and_tells_it_nobody(self, client, message):
        response = follow(client, message)
        assert (response.status_code, response["Location"]) == (302, URL)
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"

    def test_leads_there_when_the_customer_was_erased(self, client, message):
        token = links.sign("click", [message.pk, URL])
        Message.objects.all().delete()
        assert client.get(reverse("click", args=[token]))["Location"] == URL

    def test_a_persons_counts_when_it_was_alone(self, client, message, now):
        follow(client, message)
        message.refresh_from_db()
        assert message.clicked_at is None
        assert judged(after_seconds=0) == 0
        assert judged() == 1
        message.refresh_from_db()
        assert message.clicked_at == Click.objects.get().at
        (row,) = told("Message Clicked")
        assert (row.by, row.channel, row.customer_id) == ("customer", "email", message.customer_id)
        assert row.properties == {"message": message.pk, "campaign": "Thank you", "url": URL}

    def test_repeats_write_nothing(self, client, message, django_assert_num_queries):
        for _ in range(3):
            follow(client, message)
        judged()
        follow(client, message)
        judged()
        assert Click.objects.count() == len(told("Message Clicked")) == 1

    def test_two_links_within_two_seconds_are_a_scanners(self, client, message):
        follow(client, message)
        follow(client, message, "https://shop.example/other")
        assert judged() == 2
        message.refresh_from_db()
        assert message.clicked_at is None
        assert told("Message Clicked") == []
        assert set(Click.objects.values_list("is_machine", flat=True)) == {True}

    def test_a_person_who_comes_after_the_scanner_counts(self, client, message):
        follow(client, message)
        follow(client, message, "https://shop.example/other")
        judged()
        Click.objects.update(at=timezone.now() - timedelta(hours=1))
        follow(client, message)
        judged()
        message.refresh_from_db()
        assert message.clicked_at is not None
        assert len(told("Message Clicked")) == 1

    def test_two_links_of_a_person_both_count(self, client, message):
        follow(client, message)
        Click.objects.update(at=timezone.now() - timedelta(seconds=30))
        follow(client, message, "https://shop.example/other")
        judged()
        assert [row.properties["url"] for row in told("Message Clicked")] == [URL, "https://shop.example/other"]

    @pytest.mark.parametrize(
        "how",
        [{"agent": ""}, {"agent": "Barracuda Sentinel"}, {"method": "head"}, {"Sec-Purpose": "prefetch;prerender"}],
    )
    def test_a_machines_counts_for_nothing(self, client, message, how):
        assert follow(client, message, **how).status_code == 302
        judged()
        message.refresh_from_db()
        assert (message.clicked_at, told("Message Clicked")) == (None, [])
        assert Click.objects.get().is_machine

    def test_within_seconds_of_the_hand_over_it_is_a_machine(self, client, message):
        Message.objects.update(sent_at=timezone.now())
        follow(client, message)
        assert Click.objects.get().is_machine


class TestOpens:
    def test_a_gif_that_no_cache_keeps(self, client, message):
        response = look(client, message)
        assert response.content[:6] == b"GIF89a"
        assert response["Cache-Control"] == "no-store"

    def test_an_open_is_no_activity_of_the_customer(self, client, message):
        look(client, message)
        look(client, message)
        message.refresh_from_db()
        assert message.opened_at is not None
        (row,) = told("Message Opened")
        assert row.by == "machine"

    @pytest.mark.parametrize(
        "agent",
        ["", "Mozilla/5.0", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
         "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"],
    )  # fmt: skip
    def test_a_machines_is_kept_apart(self, client, message, agent):
        look(client, message, agent=agent)
        message.refresh_from_db()
        assert (message.opened_at, told("Message Opened")) == (None, [])
        first = message.machine_opened_at
        assert first is not None
        look(client, message, agent=agent)
        message.refresh_from_db()
        assert message.machine_opened_at == first


@pytest.mark.parametrize(
    "agent", [SAFARI, "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/129 Mobile Safari/537.36"]
)
def test_browsers_of_people(agent):
    assert not machines.is_machine_name(agent)


class TestRule:
    @pytest.mark.parametrize(
        "value",
        [None, {}, {"campaign": 1}, {"campaign": "None such"}, {"campaign": "Thank you", "url": 1},
         {"campaign": "Thank you", "url": "a\x00"}, {"campaign": "Thank you", "url": "x" * 501},
         {"campaign": "Thank you", "within_days": 0}, {"campaign": "Thank you", "more": 1}],
    )  # fmt: skip
    def test_a_rule_that_is_none(self, message, value):
        with pytest.raises(RuleError):
            rules.check({"clicked": value})

    def fits(self, value: dict[str, object]) -> bool:
        rule = {"clicked": {"campaign": "Thank you", **value}}
        rules.check(rule)
        scope = rules.Scope(now=timezone.now())
        return Customer.objects.filter(rules.compiled(rule, scope)).exists()

    def test_only_what_people_followed(self, client, message):
        follow(client, message, agent="")
        assert not self.fits({})
        Click.objects.update(at=timezone.now() - timedelta(hours=1))
        follow(client, message)
        assert not self.fits({})
        judged()
        assert self.fits({})
        assert self.fits({"url": "BOOTS", "within_days": 1})
        assert not self.fits({"url": "shoes"})
        Click.objects.update(at=timezone.now() - timedelta(days=2))
        assert not self.fits({"within_days": 1})

    def test_in_words(self, message):
        sentence = rules.sentence({"clicked": {"campaign": "Thank you", "url": "/boots", "within_days": 7}})
        assert sentence == "followed a link with “/boots” in a message of Thank you in the last 7 days"
