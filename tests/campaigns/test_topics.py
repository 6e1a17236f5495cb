"""Topics as marketers keep them, and the sign-up that whoever reads the address confirms."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import selectors_topics
from apps.campaigns.actions import signups
from apps.campaigns.models import Confirmation, Suppression
from apps.core import links
from apps.customers.actions import topics
from apps.customers.enums import TopicDefault
from apps.customers.models import Consent, Customer, Identity, Topic
from apps.staff.enums import Role
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits_of_before() -> None:
    cache.clear()


@pytest.fixture
def news() -> Topic:
    return Topic.objects.get(key="news")


def form(topic: Topic) -> str:
    return reverse("subscribe", args=[links.sign("subscribe", topic.pk)])


class TestTopics:
    @pytest.mark.parametrize("data", [{}, {"name": " "}, {"name": "x" * 101}, {"name": "A", "default": "perhaps"}])
    def test_a_form_that_fails_keeps_what_was_typed(self, client, data):
        client.force_login(staff(Role.MARKETER))
        before = Topic.objects.count()
        assert client.post(reverse("topic_create"), data).status_code == 422
        assert Topic.objects.count() == before

    def test_added_and_edited(self, client):
        client.force_login(staff(Role.MARKETER))
        data = {"name": "Fairs & events", "description": "Twice a year", "default": "needs_opt_in", "is_public": "on"}
        client.post(reverse("topic_create"), data)
        topic = Topic.objects.get(key="fairs-events")
        assert (topic.description, topic.is_public) == ("Twice a year", True)
        page = reverse("topic_edit", args=[topic.pk])
        client.post(page, {"name": "Fairs", "default": "allowed"})
        topic.refresh_from_db()
        assert (topic.name, topic.key, topic.is_public, topic.default) == ("Fairs", "fairs-events", False, "allowed")
        assert "/subscribe/" in client.get(page).content.decode()

    def test_agents_do_not_design(self, client):
        client.force_login(staff(Role.AGENT))
        assert client.post(reverse("topic_create"), {"name": "X"}).status_code == 403
        assert not Topic.objects.filter(name="X").exists()

    def test_by_the_api(self, client):
        client.force_login(staff(Role.MARKETER))
        url = reverse("api_topic_list")
        made = client.post(url, {"name": "Fairs", "key": "fairs"}, content_type="application/json")
        assert made.status_code == 201
        assert made.json() | {"id": 0} == {
            "id": 0, "key": "fairs", "name": "Fairs", "description": "", "default": "needs_opt_in", "is_public": True,
        }  # fmt: skip
        assert client.post(url, {"name": "F", "key": "fairs"}, content_type="application/json").status_code == 409
        one = reverse("api_topic_detail", args=[made.json()["id"]])
        assert client.patch(one, {"is_public": False}, content_type="application/json").json()["is_public"] is False
        assert client.patch(one, {"key": "other"}, content_type="application/json").json()["key"] == "fairs"
        assert {row["key"] for row in client.get(url).json()["results"]} >= {"fairs", "news"}


class TestSignUp:
    @pytest.mark.parametrize("address", ["", "x", "a@b@c", "a\x00@mail.example", "x" * 400 + "@mail.example"])
    def test_what_is_no_address(self, client, news, address):
        assert client.post(form(news), {"email": address}).status_code == 422
        assert not Confirmation.objects.exists()

    @pytest.mark.parametrize("kind", ["confirm", "preferences", "survey"])
    def test_a_token_of_another_kind(self, client, news, kind):
        url = reverse("subscribe", args=[links.sign(kind, news.pk)])
        assert client.post(url, {"email": "ann@mail.example"}).status_code == 404

    def test_a_program_that_fills_in_everything_gets_the_same_answer(self, client, news):
        assert client.post(form(news), {"email": "ann@mail.example", "website": "x"}).status_code == 200
        assert not Confirmation.objects.exists()

    def test_known_and_unknown_addresses_get_the_same_answer(self, client, news):
        CustomerFactory(email="ann@mail.example")
        pages = [client.post(form(news), {"email": email}).content for email in ("ann@mail.example", "bo@mail.example")]
        assert pages[0] == pages[1]
        assert Customer.objects.count() == 1
        assert Confirmation.objects.count() == 2

    def test_asked_again_the_address_gets_no_second_mail(self, client, news):
        for _ in range(3):
            assert client.post(form(news), {"email": "Ann@mail.example"}).status_code == 200
        assert Confirmation.objects.count() == 1

    def test_an_address_gets_three_mails_a_day_whatever_is_asked_for(self, now):
        asked = [
            signups.ask(
                address="ann@mail.example",
                topic=Topic.objects.create(key=f"t{n}", name=f"T{n}", default=TopicDefault.NEEDS_OPT_IN),
                now=now,
            )
            for n in range(5)
        ]
        assert [one is not None for one in asked] == [True, True, True, False, False]

    def test_many_from_one_place_are_stopped(self, client, news, settings):
        # Requests are counted in the cache, which the other processes of this run empty.
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "many"}}
        with time_machine.travel(timezone.now(), tick=False):  # all in one minute, however busy the machine is
            codes = [client.post(form(news), {"email": f"a{n}@mail.example"}).status_code for n in range(22)]
        assert codes == [200] * 20 + [429] * 2

    def test_a_form_on_another_site_may_post(self, news):
        strict = Client(enforce_csrf_checks=True)
        response = strict.post(form(news), {"email": "a@mail.example"}, headers={"Origin": "https://shop.example"})
        assert response.status_code == 200


class TestMail:
    def test_says_what_was_asked_for_once(self, news, now, settings):
        settings.EMAIL_URL = "smtp://127.0.0.1:2525"
        asked = signups.ask(address="ann@mail.example", topic=news, now=now)
        assert signups.mail_due(now=now) == 1
        assert signups.mail_due(now=now + timedelta(hours=1)) == 0
        (sent,) = mail.outbox
        assert sent.to == ["ann@mail.example"]
        assert asked.wording in sent.body
        assert "/confirm/" in sent.body

    def test_nothing_to_a_suppressed_address_or_after_the_time(self, news, now, settings):
        settings.EMAIL_URL = "smtp://127.0.0.1:2525"
        Suppression.objects.create(address="ann@mail.example", reason="hard bounce")
        signups.ask(address="ann@mail.example", topic=news, now=now)
        signups.ask(address="bo@mail.example", topic=news, now=now - timedelta(days=4))
        assert signups.mail_due(now=now) == 0
        assert mail.outbox == []
        assert not Confirmation.objects.exclude(mail_due_at=None).exists()

    def test_without_a_mail_server_admins_see_the_link(self, client, news):
        signups.ask(address="ann@mail.example", topic=news, now=timezone.now())
        page = reverse("topic_edit", args=[news.pk])
        for role, sees in ((Role.ADMIN, True), (Role.MARKETER, False)):
            client.force_login(staff(role))
            assert ("/confirm/" in client.get(page).content.decode()) is sees

    def test_a_customer_without_an_address(self, news, now):
        with pytest.raises(signups.CannotAsk):
            signups.ask_to_confirm(customer=CustomerFactory(email=""), topic=news, now=now)
        assert signups.ask_to_confirm(customer=CustomerFactory(), topic=news, now=now)


def test_two_of_one_name_are_refused_everywhere(client, news):
    other = topics.create(name="Fairs", default=TopicDefault.ALLOWED)
    client.force_login(staff(Role.MARKETER))
    form = {"name": news.name.upper(), "default": "allowed", "description": ""}
    for url in (reverse("topic_create"), reverse("topic_edit", args=[other.pk])):
        page = client.post(url, form)
        assert (page.status_code, "a topic of this name" in page.content.decode()) == (422, True)
    api = reverse("api_topic_detail", args=[other.pk])
    assert client.patch(api, {"name": news.name}, content_type="application/json").status_code == 409
    assert client.patch(api, {"name": "FAIRS"}, content_type="application/json").status_code == 200


class TestConfirm:
    def asked(self, topic: Topic, address: str = "ann@mail.example", **ago: float) -> Confirmation:
        made = signups.ask(address=address, topic=topic, now=timezone.now() - timedelta(**ago))
        assert made is not None
        return made

    def url(self, row: Confirmation) -> str:
        return reverse("confirm", args=[links.sign("confirm", row.pk)])

    def test_a_get_confirms_nothing(self, client, news):
        assert client.get(self.url(self.asked(news))).status_code == 200
        assert not Consent.objects.exists()

    def test_too_late(self, client, news):
        assert client.post(self.url(self.asked(news, hours=73))).status_code == 404
        assert not Consent.objects.exists()

    def test_makes_the_customer_and_keeps_the_proof_once(self, client, news):
        row = self.asked(news)
        for _ in range(3):
            assert client.post(self.url(row)).status_code == 200
        customer = Customer.objects.get()
        assert (customer.email, customer.is_identified) == ("ann@mail.example", True)
        assert Identity.objects.get(customer=customer).is_verified
        consent = Consent.objects.get()
        assert (consent.customer, consent.address, consent.choice) == (customer, "ann@mail.example", "in")
        assert row.wording in consent.evidence
        assert Interaction.objects.get(event="Subscribed").by == "customer"

    def test_links_the_one_who_goes_by_the_address(self, client, news):
        ann = CustomerFactory(email="ann@mail.example")
        client.post(self.url(self.asked(news)))
        assert Consent.objects.get().customer == ann

    def test_several_of_that_address_are_never_guessed(self, client, news):
        for _ in range(2):
            CustomerFactory(email="ann@mail.example")
        client.post(self.url(self.asked(news)))
        consent = Consent.objects.get()
        assert (consent.customer, consent.address) == (None, "ann@mail.example")

    def test_of_several_the_one_who_was_asked_says_yes(self, client, news):
        ann, _bo = CustomerFactory(email="home@mail.example"), CustomerFactory(email="home@mail.example")
        row = signups.ask_to_confirm(customer=ann, topic=news, now=timezone.now())
        client.post(self.url(row))
        assert Consent.objects.get().customer == ann
        assert not Identity.objects.filter(value="home@mail.example", is_verified=True).exists()

    def test_goes_after_fourteen_days(self, news):
        old, new = self.asked(news, days=15), self.asked(news, address="bo@mail.example", days=13)
        assert list(selectors_topics.old_confirmations(timezone.now())) == [old]
        assert new.pk != old.pk
