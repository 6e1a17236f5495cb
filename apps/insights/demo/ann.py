"""Ann Price, whose page shows what Milepost is for: two devices, doubts about the size, an order, the survey, calls."""

import random
from datetime import datetime, timedelta

from apps.insights.demo import shopping
from apps.insights.demo.catalogue import PRODUCTS
from apps.insights.demo.deeds import Deed, Story, Times
from apps.insights.demo.people import Kind, Person
from apps.touchpoints.enums import Channel

KEY, EMAIL = "C-1984", "ann.price@mail.example"
BOOTS = next(product for product in PRODUCTS if product.sku == "SH-102")
SOCKS = next(product for product in PRODUCTS if product.sku == "AC-501")
SCORE = 2
COMMENT = (
    "Quick delivery, lovely boots, and the 39 fits like a 38. I asked before I bought them! Now I have to find out on "
    "my own how an exchange works."
)
ANSWERS_AFTER = timedelta(hours=9, minutes=12)


def deeds(times: Times) -> list[Deed]:
    story = Story(_person(), random.Random(39), times)  # noqa: S311 - a story, no secret
    _looks_on_the_train(story, times.clock(12, 18, 20))
    _compares_at_home(story, times.clock(11, 20, 41))
    _asks(story, times.clock(10, 12, 26))
    _orders(story, times.clock(7, 18, 57))
    _wants_to_exchange(story, times.clock(1, 21, 10), times.now)
    return [deed for deed in story.deeds if deed.at < times.now]


def _person() -> Person:
    return Person(
        key=KEY,
        kind=Kind.BUYER,
        platform="mobile",
        persona="Weekend hiker",
        name="Ann Price",
        email=EMAIL,
        phone="+447700900142",
        country="GB",
        city="Sheffield",
    )


def _looks_on_the_train(story: Story, at: datetime) -> None:
    phone = story.session(at, "mobile", ("instagram", "paid_social", "trail-week"))
    phone.page("landing", "Start page", "/")
    phone.page("category", "Shoes", "/c/shoes")
    phone.view(BOOTS)
    phone.do("Size Guide Opened", {"product_id": BOOTS.sku, "name": BOOTS.name})
    phone.view(BOOTS)


def _compares_at_home(story: Story, at: datetime) -> None:
    desk = story.session(at, "desktop", ("google", "cpc", "hiking-boots"))
    desk.page("guide", "How to choose boots", "/guides/how-to-choose-boots")
    desk.page("category", "Shoes", "/c/shoes")
    desk.view(next(product for product in PRODUCTS if product.sku == "SH-101"))
    desk.view(BOOTS)
    desk.do("Size Guide Opened", {"product_id": BOOTS.sku, "name": BOOTS.name})
    desk.sign_in()
    story.news(
        desk.at + timedelta(seconds=31), choice="in", evidence="Ticked “News and offers” when opening the account"
    )
    desk.do("Product Added", {**BOOTS.properties, "quantity": 1, "size": "39"})


def _asks(story: Story, at: datetime) -> None:
    phone = story.session(at, "mobile")
    phone.sign_in()
    phone.view(BOOTS)
    phone.do("Size Guide Opened", {"product_id": BOOTS.sku, "name": BOOTS.name})
    question = "I wear a 39 in everything, your guide says 40 for 248 mm. Which one shall I order?"
    said = {"topic": "size", "message": question, "product_id": BOOTS.sku}
    phone.do("Question Asked", said, channel=Channel.CHAT)
    note = "Called about the size of the Ridge Mid after asking in the chat. Told her the 39 is right. Not sure it is."
    story.staff(phone.at + timedelta(minutes=47), "Call", note, Channel.PHONE)


def _orders(story: Story, at: datetime) -> None:
    """The phone refuses to pay; the desk does it."""
    phone = story.session(at, "mobile")
    phone.do("Cart Viewed", {"value": BOOTS.price + SOCKS.price, "currency": "EUR"})
    phone.do("Checkout Started", {"value": BOOTS.price + SOCKS.price, "currency": "EUR"})
    phone.do("Payment Info Entered", {"payment_method": "card"})
    error = {"step": "payment", "message": "The pay button did not respond.", "code": "PAY_BUTTON_TIMEOUT"}
    phone.do("Checkout Error", error)
    phone.do("Checkout Error", error)
    desk = story.session(phone.at + timedelta(minutes=38), "desktop")
    desk.do("Product Added", {**SOCKS.properties, "quantity": 1})
    desk.do("Checkout Started", {"value": BOOTS.price + SOCKS.price, "currency": "EUR"})
    desk.do("Payment Info Entered", {"payment_method": "card"})
    desk.at += timedelta(seconds=11)
    made = shopping.order(desk, [BOOTS, SOCKS])
    shopping.ship(story, made, shipped_at=desk.at + timedelta(hours=20), days=2, hour=11, carrier="Parcel Post")


def _wants_to_exchange(story: Story, at: datetime, now: datetime) -> None:
    session = story.session(at, "desktop")
    session.page("service", "Returns", "/returns")
    said = {
        "order_id": f"FH-{KEY.removeprefix('C-')}1",
        "name": BOOTS.name,
        "product_id": BOOTS.sku,
        "reason": "too small",
    }
    session.do("Return Requested", said)
    note = (
        "The 39 is too small, wants the 40 before Saturday. Exchange started, a 40 is set aside. Call back on Thursday."
    )
    story.staff(now - timedelta(minutes=4), "Call", note, Channel.PHONE)
