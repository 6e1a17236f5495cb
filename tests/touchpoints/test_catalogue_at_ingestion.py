"""What the catalogue does to what comes in: touchpoint and channel are stored with it."""

import pytest

from apps.touchpoints.actions import catalogue, ingest, log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction, Touchpoint
from tests.factories import CustomerFactory
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
NEWSLETTER = {"campaign": {"source": "news", "medium": "email"}}


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


def touchpoint(name: str, channel: str, *rules: dict) -> Touchpoint:
    return catalogue.save(touchpoint=Touchpoint(name=name, channel=channel, rules=list(rules)))


def stored(client, source, item) -> tuple[str | None, str]:
    assert post(client, source, "batch", {"batch": [item]}).status_code == 200
    row = Interaction.objects.select_related("touchpoint").latest("pk")
    return row.touchpoint.name if row.touchpoint else None, row.channel


def test_the_touchpoint_is_stored(client, source):
    touchpoint("Shop", "store", {"event": "Order Completed"})
    touchpoint("Checkout", "web", {"url": "/checkout*"}, {"event": "Checkout Started"})
    page = {"page": {"url": "https://shop.example/checkout/pay?x=1"}}
    assert stored(client, source, track("Order Completed")) == ("Shop", "web")
    assert stored(client, source, track("Paid", context=page)) == ("Checkout", "web")
    assert stored(client, source, track("Paid")) == (None, "web")


def test_utm_and_referrer_give_the_channel_where_the_event_names_none(client, source):
    touchpoint("Newsletter", "email", {"utm_medium": "email"})
    touchpoint("Search", "search", {"referrer": "google.com"})
    assert stored(client, source, track("X", context=NEWSLETTER)) == ("Newsletter", "email")
    referrer = {"page": {"referrer": "https://www.google.com/"}}
    assert stored(client, source, track("X", context=referrer)) == ("Search", "search")


@pytest.mark.parametrize(
    ("context", "channel"), [({"channel": "app"}, "app"), ({"library": {"name": "milepost.js"}}, "web")]
)
def test_the_event_and_its_library_name_the_channel_first(client, source, context, channel):
    touchpoint("Newsletter", "email", {"utm_medium": "email"})
    assert stored(client, source, track("X", context={**NEWSLETTER, **context})) == ("Newsletter", channel)


def test_a_rule_that_asks_for_a_channel_gives_none(client, source):
    touchpoint("Newsletter", "email", {"utm_medium": "email", "channel": "web"})
    assert stored(client, source, track("X", context=NEWSLETTER)) == ("Newsletter", "web")


def test_a_rule_by_event_or_page_gives_no_channel(client, source):
    touchpoint("Delivery", "post", {"event": "Order Delivered"})
    assert stored(client, source, track("Order Delivered")) == ("Delivery", "web")


def test_a_change_holds_for_what_comes_in_from_then_on(client, source):
    one = touchpoint("Shop", "web", {"event": "A"})
    assert stored(client, source, track("A")) == ("Shop", "web")
    one.rules = [{"event": "B"}]
    catalogue.save(touchpoint=one)
    assert stored(client, source, track("A")) == (None, "web")
    assert stored(client, source, track("B")) == ("Shop", "web")
    assert Interaction.objects.filter(touchpoint=one).count() == 2


def test_the_catalogue_is_kept_in_the_process(client, source, django_assert_num_queries):
    touchpoint("Shop", "web", {"event": "A"})
    for event in ("A", "B"):
        stored(client, source, track(event))
    with django_assert_num_queries(1):
        post(client, source, "batch", {"batch": [track("A")]})
    ingest.forget_cached()
    assert ingest.catalogue() is ingest.catalogue()


def test_what_staff_log_is_matched_unless_they_choose(now):
    line = touchpoint("Support line", "phone", {"event": "Call"})
    store = touchpoint("Store", "store")
    customer = CustomerFactory()
    said = {"customer_id": customer.pk, "event": "Call", "by": By.CUSTOMER, "channel": Channel.PHONE, "at": now}
    log.record(**said, received_at=now, message_id="1")
    log.record(**said, received_at=now, message_id="2", touchpoint=store)
    assert list(Interaction.objects.order_by("pk").values_list("touchpoint", flat=True)) == [line.pk, store.pk]
