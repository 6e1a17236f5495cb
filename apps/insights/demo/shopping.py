"""What happens in a session in the web shop, and after an order. Here the three problems are planted: the pay button
on phones, the day without payments, and sizes that nobody trusts."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from apps.insights.demo import catalogue, sentences
from apps.insights.demo.catalogue import Product
from apps.insights.demo.deeds import ZONE, Session, Story, Via
from apps.touchpoints.enums import By, Channel

CAMPAIGNS = [
    ("instagram", "paid_social", "trail-week"),
    ("google", "cpc", "hiking-boots"),
    ("newsletter", "email", "new-boots"),
    ("hikersforum.example", "referral", "boot-test"),
    None,
    None,
    None,
]
SALE_DAY = ("newsletter", "email", "club-day")
_CATEGORY_PAGES = ["Shoes", "Jackets", "Trousers", "Shirts", "Accessories"]
_GUIDES = ["How to choose boots", "Layering for four seasons", "First hut tour: the packing list"]


def arrive(session: Session) -> None:
    rng = session.story.rng
    if rng.random() < 0.2:
        guide = rng.choice(_GUIDES)
        session.page("guide", guide, "/guides/" + guide.lower().replace(" ", "-").replace(":", ""))
    else:
        session.page("landing", "Start page", "/")
    for name in rng.sample(_CATEGORY_PAGES, rng.choice([1, 1, 2])):
        session.page("category", name, f"/c/{name.lower()}")


def look_at(session: Session, product: Product, *, is_known_size: bool = False) -> bool:
    """Whether they still want it. Shoes: sizes are checked again and again, and many leave over it."""
    rng = session.story.rng
    session.view(product)
    if product.is_shoe and not is_known_size and rng.random() < 0.64:
        return _hesitate(session, product)
    if rng.random() < 0.9:
        session.do("Fit Details Viewed", {"product_id": product.sku, "name": product.name})
    if rng.random() < 0.25:
        session.view(rng.choice(catalogue.PRODUCTS))
    return rng.random() < 0.85


def _hesitate(session: Session, product: Product) -> bool:
    rng = session.story.rng
    for _ in range(rng.choice([1, 1, 2, 3])):
        session.do("Size Guide Opened", {"product_id": product.sku, "name": product.name})
        session.view(product)
    if rng.random() < 0.2:
        question = rng.choice(sentences.QUESTIONS_ON_SIZES)
        said = {"topic": "size", "message": question, "product_id": product.sku}
        session.do("Question Asked", said, channel=Channel.CHAT)
    return rng.random() < 0.6


def fill_cart(session: Session, products: list[Product]) -> None:
    for product in products:
        session.do("Product Added", {**product.properties, "quantity": 1})
    if session.story.rng.random() < 0.75:
        session.do("Cart Viewed", {"value": _total(products), "currency": "EUR"})


def check_out(session: Session, products: list[Product]) -> bool:
    """Whether it became an order."""
    rng, times = session.story.rng, session.story.times
    session.sign_in()
    session.do("Checkout Started", {"value": _total(products), "currency": "EUR"})
    if rng.random() < 0.04:
        return False
    session.do("Payment Info Entered", {"payment_method": rng.choice(["card", "card", "paypal", "invoice"])})
    if times.is_outage(session.at):
        return _pay_in_outage(session, products)
    chance = 0.62 if times.has_bug(session.at, session.platform) else 0.05
    if rng.random() < chance:
        for _ in range(rng.choice([1, 1, 2, 3])):
            said = {"step": "payment", "message": rng.choice(sentences.CHECKOUT_ERRORS), "code": "PAY_BUTTON_TIMEOUT"}
            session.do("Checkout Error", said)
        if rng.random() < 0.8:
            return False
    elif rng.random() < 0.025:
        session.do("Payment Failed", {"reason": "card refused", "code": "DECLINED"})
    place_order(session, products)
    return True


def _pay_in_outage(session: Session, products: list[Product]) -> bool:
    rng = session.story.rng
    if rng.random() < 0.03:
        place_order(session, products)
        return True
    for _ in range(rng.choice([1, 2, 2, 3])):
        session.do("Payment Failed", {"reason": "provider unavailable", "code": "PSP_503"})
    return False


def place_order(session: Session, products: list[Product]) -> None:
    story, rng = session.story, session.story.rng
    session.at += timedelta(seconds=rng.randint(4, 25))
    made = order(session, products)
    shipped_at = at_clock(session.at + timedelta(days=1), 15, rng.randrange(60))
    days, hour = rng.choice([1, 2, 2, 3, 3, 4]), rng.randrange(9, 18)
    carrier = rng.choice(["Parcel Post", "Green Wheels"])
    door_at = ship(story, made, shipped_at=shipped_at, days=days, hour=hour, carrier=carrier)
    shoes = [product for product in products if product.is_shoe]
    if rng.random() < (0.27 if shoes else 0.06):
        _send_back(story, door_at, made, (shoes or products)[0])
    elif rng.random() < 0.6:
        _care(story, door_at + timedelta(days=rng.uniform(1, 20)))


def order(session: Session, products: list[Product]) -> dict[str, Any]:
    """Places it and returns its properties."""
    story = session.story
    story.orders += 1
    made = {
        "order_id": f"FH-{story.person.key.removeprefix('C-')}{story.orders}",
        "total": _total(products),
        "currency": "EUR",
        "products": [{**product.properties, "quantity": 1} for product in products],
        "platform": session.platform,
        "session_id": session.id,
    }
    story.add(session.at, "Order Completed", Via.SERVER, made)
    return made


def ship(story: Story, made: dict[str, Any], *, shipped_at: datetime, days: int, hour: int, carrier: str) -> datetime:
    """Returns when the parcel is at the door."""
    said = {"order_id": made["order_id"], "carrier": carrier, "platform": made["platform"]}
    story.add(shipped_at, "Order Shipped", Via.SERVER, said, by=By.COMPANY, channel=Channel.EMAIL)
    door_at = at_clock(shipped_at + timedelta(days=days), hour, story.rng.randrange(60))
    story.add(door_at, "Order Delivered", Via.SERVER, said, by=By.COMPANY, channel=Channel.POST)
    return door_at


def _total(products: list[Product]) -> float:
    return round(sum(product.price for product in products), 2)


def at_clock(at: datetime, hour: int, minute: int) -> datetime:
    return datetime.combine(at.astimezone(ZONE).date(), time(hour, minute), ZONE).astimezone(UTC)


def _send_back(story: Story, door_at: datetime, made: dict[str, Any], product: Product) -> None:
    rng, times = story.rng, story.times
    reason = rng.choice(sentences.REFUND_REASONS if product.is_shoe else sentences.OTHER_REFUND_REASONS)
    asked_at = times.waking(rng, door_at + timedelta(days=rng.uniform(1, 5)))
    said = {"order_id": made["order_id"], "name": product.name, "product_id": product.sku, "reason": reason}
    session = story.session(asked_at, story.person.platform)
    session.page("service", "Returns", "/returns")
    session.do("Return Requested", said)
    if rng.random() < 0.3:
        call(story, session.at + timedelta(days=rng.uniform(1, 3)), "return")
    refunded_at = times.working(rng, session.at + timedelta(days=rng.uniform(5, 14)))
    story.add(refunded_at, "Order Refunded", Via.SERVER, {**said, "total": product.price, "currency": "EUR"})


def _care(story: Story, at: datetime) -> None:
    session = story.session(story.times.waking(story.rng, at), story.person.platform)
    session.page("service", "Care and repair", "/care")
    session.do("Care Guide Opened", {"name": story.rng.choice(["Waxing boots", "Washing down", "Merino and moths"])})


def call(story: Story, at: datetime, topic: str) -> None:
    note = story.rng.choice(sentences.CALLS[topic])
    story.staff(story.times.working(story.rng, at), "Call", note, Channel.PHONE)
