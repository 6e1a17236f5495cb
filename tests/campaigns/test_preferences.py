"""The page of preferences: forged and odd input first."""

import pytest
from django.urls import reverse

from apps.campaigns.models import Message
from apps.core import links
from apps.customers import selectors as customers
from apps.customers.models import Consent, Customer, Topic
from apps.touchpoints.models import Interaction
from tests.factories import published_shop, sent_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(now) -> Message:
    published_shop(now)
    return sent_message(now)


def url(message: Message, kind: str = "preferences") -> str:
    return reverse("preferences", args=[links.sign(kind, message.pk)])


def answers() -> list[tuple]:
    rows = Consent.objects.order_by("pk").select_related("topic")
    return [(row.channel, row.topic.key if row.topic else None, row.choice, row.address) for row in rows]


@pytest.mark.parametrize("kind", ["unsubscribe", "open", "survey"])
def test_a_token_of_another_kind(client, message, kind):
    assert client.get(url(message, kind)).status_code == 404
    assert client.post(url(message, kind), {"everything": "off"}).status_code == 404
    assert answers() == []


def test_a_get_changes_nothing_and_tells_nobody(client, message):
    response = client.get(url(message))
    assert response.status_code == 200
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert answers() == []


@pytest.mark.parametrize(
    "data", [{}, {"shown": ["email:none", "x", "webhook:service", ":"], "yes": ["y"]}, {"yes": ["email:news"]}]
)
def test_what_was_not_shown_is_not_answered(client, message, data):
    assert client.post(url(message), data).status_code == 200
    assert answers() == []


def test_only_public_topics_stand_there(client, message):
    Topic.objects.filter(key="news").update(is_public=False, name="Secret plans")
    assert "Secret plans" not in client.get(url(message)).content.decode()
    client.post(url(message), {"shown": ["email:news"], "yes": ["email:news"]})
    assert answers() == []


def test_yes_and_no_are_kept_with_their_wording(client, message):
    shown = ["email:service", "email:feedback", "email:news"]
    client.post(url(message), {"shown": shown, "yes": ["email:service", "email:news"]})
    assert answers() == [("email", "feedback", "out", message.address), ("email", "news", "in", message.address)]
    evidence = Consent.objects.get(topic__key="news").evidence
    assert evidence == (f"preferences page, version 1, from message {message.pk}; “News and offers by E-mail”: in")
    message.refresh_from_db()
    assert message.unsubscribed_at is None  # its own topic is still wanted
    assert Interaction.objects.get(event="Unsubscribed").properties["topic"] == "feedback"


def test_saying_the_same_again_writes_nothing(client, message):
    shown = ["email:service", "email:feedback", "email:news"]
    for _ in range(2):
        client.post(url(message), {"shown": shown, "yes": ["email:service", "email:feedback"]})
    assert answers() == []


def test_its_own_topic_off_is_a_fact_of_the_message(client, message):
    client.post(url(message), {"shown": ["email:service"]})
    message.refresh_from_db()
    assert message.unsubscribed_at is not None


def test_everything_off_on_each_channel(client, message):
    Customer.objects.filter(pk=message.customer_id).update(phone="+4930123456")
    page = client.get(url(message)).content.decode()
    assert "News and offers by SMS" in page
    client.post(url(message), {"everything": "off", "shown": ["email:news"], "yes": ["email:news"]})
    assert answers() == [("email", None, "out", message.address), ("sms", None, "out", "+4930123456")]
    topic = Topic.objects.get(key="service")
    said = customers.says_no(customer=message.customer, address="", channel="email", topic=topic)
    assert said is not None
    assert "checked" not in client.get(url(message)).content.decode()


def test_yes_after_everything_off_holds_for_that_topic(client, message):
    client.post(url(message), {"everything": "off"})
    client.post(url(message), {"shown": ["email:news", "email:service"], "yes": ["email:news"]})
    for key, is_free in (("news", True), ("service", False)):
        topic = Topic.objects.get(key=key)
        said = customers.says_no(customer=message.customer, address=message.address, channel="email", topic=topic)
        assert (said is None) is is_free


def test_the_unsubscribe_pages_lead_there(client, message):
    address = reverse("unsubscribe", args=[links.sign("unsubscribe", message.pk)])
    for page in (client.get(address), client.post(address)):
        assert "/p/" in page.content.decode()
