"""The lives of all customers, by kind."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.insights.demo import ann, catalogue, people, sentences, shopping
from apps.insights.demo.catalogue import Product
from apps.insights.demo.deeds import HISTORY, Deed, Session, Story, Times, Via
from apps.insights.demo.people import Kind
from apps.touchpoints.enums import By, Channel, Event

SEED = 2026
HERE_NOW = 5  # of each kind of shopper, so many arrived within the last hours
QUIET = timedelta(minutes=9)  # before now: the heroine was the last


def told(now: datetime) -> list[Deed]:
    """All deeds of all people up to now, in order of time."""
    rng, times = random.Random(SEED), Times(now)  # noqa: S311 - a story, no secret
    deeds: list[Deed] = []
    seen: dict[Kind, int] = {}
    for person in people.everybody(rng):
        story = Story(person, random.Random(f"{SEED} {person.key}"), times)  # noqa: S311 - the same
        seen[person.kind] = seen.get(person.kind, 0) + 1
        _LIVES[person.kind](story, _arrival(story, is_here_now=seen[person.kind] <= HERE_NOW))
        deeds += story.deeds
    deeds = [deed for deed in deeds if deed.at <= now - QUIET]
    return sorted([*deeds, *ann.deeds(times)], key=lambda deed: (deed.at, deed.message_id))


def _arrival(story: Story, *, is_here_now: bool) -> datetime:
    """More people come every month; regulars have been coming for a while."""
    rng, times = story.rng, story.times
    if story.person.kind is Kind.SALE_DAY:
        start, end = times.outage
        return start + (end - start) * rng.uniform(0.01, 0.93)
    if story.person.kind is Kind.REGULAR:
        return times.waking(rng, times.now - timedelta(days=rng.uniform(26, 150)))
    if is_here_now and story.person.kind is not Kind.STORE:
        return times.now - timedelta(hours=rng.uniform(0.3, 11))
    age = HISTORY * 0.99 * (1 - rng.random() ** 0.62)
    return times.waking(rng, times.now - age)


def _visitor(story: Story, at: datetime) -> None:
    for _ in range(story.rng.choices([1, 2, 3], [55, 30, 15])[0]):
        session = _arrive(story, at)
        if story.rng.random() < 0.8 and _wanted(session) and story.rng.random() < 0.4:
            shopping.fill_cart(session, [catalogue.choose(story.rng)])
        at = _later(story, at, 0.5, 12)


def _prospect(story: Story, at: datetime) -> None:
    """Opens an account and buys nothing: the size, the phone, or just not now."""
    rng = story.rng
    for number in range(rng.choice([2, 3, 4])):
        session = _arrive(story, at)
        wanted = _wanted(session)
        if number or rng.random() < 0.5:
            session.sign_in()
            _maybe_news(session)
        if wanted and number:
            shopping.fill_cart(session, [wanted])
            if story.times.has_bug(session.at, session.platform) and rng.random() < 0.5:
                shopping.check_out(session, [wanted])  # one in a few gets through
        if number == 2 and rng.random() < 0.4:
            shopping.call(story, session.at, "size")
        at = _later(story, at, 0.5, 9)


def _buyer(story: Story, at: datetime) -> None:
    is_quick = story.times.now - at < timedelta(days=2)  # else nobody would have ordered today
    for _ in range(0 if is_quick else story.rng.choice([0, 1, 1, 2, 3])):
        _wanted(_arrive(story, at))
        at = _later(story, at, 0.4, 6)
    _shop(story, at)


def _regular(story: Story, at: datetime) -> None:
    _buyer(story, at)
    for _ in range(story.rng.choice([1, 1, 2, 2, 3])):
        at = _later(story, max(deed.at for deed in story.deeds), 9, 42)
        _shop(story, at, is_known_size=True)
    if story.orders > 1 and story.rng.random() < 0.4:
        session = story.session(_later(story, at, 5, 15), story.person.platform)
        session.page("service", "Invite a friend", "/friends")
        session.do("Friend Invited", {"by": "link"})


def _sale_day(story: Story, at: datetime) -> None:
    """Come with the newsletter on the day when payments fail."""
    rng = story.rng
    wanted = [catalogue.choose(rng)]
    session = story.session(at, story.person.platform, shopping.SALE_DAY)
    shopping.arrive(session)
    shopping.look_at(session, wanted[0], is_known_size=True)
    shopping.fill_cart(session, wanted)
    if shopping.check_out(session, wanted):
        return
    if rng.random() < 0.3:
        shopping.call(story, session.at, "payment")
    if rng.random() < 0.35:
        again = story.session(_later(story, at, 1, 4), "desktop")
        again.sign_in()
        again.do("Cart Viewed")
        shopping.check_out(again, wanted)


def _store_customer(story: Story, at: datetime) -> None:
    """Known by the club card; comes to the store, calls, has things repaired."""
    rng, times = story.rng, story.times
    opened_at = times.working(rng, at)
    card = {**story.person.traits, "clubCard": story.person.key}
    story.add(opened_at, Event.IDENTIFY.value, Via.SERVER, card, by=By.MACHINE, channel=Channel.STORE, traits=card)
    visit_at = opened_at + timedelta(minutes=6)
    for _ in range(rng.choice([1, 2, 3])):
        story.staff(visit_at, "Store visit", rng.choice(sentences.STORE_VISITS), Channel.STORE)
        if rng.random() < 0.55:
            visit_at += timedelta(minutes=rng.randint(8, 25))
            story.staff(visit_at, "Shoe Fitting", rng.choice(sentences.FITTINGS), Channel.STORE)
        if rng.random() < 0.5:
            _buy_at_till(story, visit_at + timedelta(minutes=rng.randint(5, 20)))
        visit_at = times.working(rng, _later(story, visit_at, 6, 30))
    if rng.random() < 0.5:
        shopping.call(story, visit_at, rng.choice(["size", "return"]))
    if rng.random() < 0.35:
        repair_at = times.working(rng, visit_at + timedelta(days=3))
        story.staff(repair_at, "Repair Requested", rng.choice(sentences.REPAIRS), Channel.STORE)


def _buy_at_till(story: Story, at: datetime) -> None:
    bought = catalogue.basket(story.rng, catalogue.choose(story.rng))
    said = {
        "receipt": f"B-{story.person.key.removeprefix('C-')}-{len(story.deeds)}",
        "total": round(sum(product.price for product in bought), 2),
        "currency": "EUR",
        "products": [product.properties for product in bought],
    }
    story.add(at, "Store Purchase", Via.SERVER, said, channel=Channel.STORE)


def _shop(story: Story, at: datetime, *, is_known_size: bool = False) -> None:
    """A visit that is meant to end with an order; when paying fails, some call, and half try again at a desk."""
    rng = story.rng
    session = _arrive(story, at)
    product = catalogue.choose(rng)
    if not shopping.look_at(session, product, is_known_size=is_known_size):
        if rng.random() < 0.3:
            session.sign_in()
            shopping.call(story, session.at, "size")
        session = _arrive(story, _later(story, at, 0.5, 4))
        session.view(product)
    wanted = catalogue.basket(rng, product)
    shopping.fill_cart(session, wanted)
    is_ordered = shopping.check_out(session, wanted)
    _maybe_news(session)
    if not is_ordered:
        if rng.random() < 0.3:
            shopping.call(story, session.at, "payment")
        if rng.random() < 0.5:
            again = story.session(_later(story, session.at, 0.3, 3), "desktop")
            again.sign_in()
            again.do("Cart Viewed")
            is_ordered = shopping.check_out(again, wanted)
    if is_ordered and rng.random() < 0.1:
        shopping.call(story, session.at + timedelta(days=3), "delivery")


def _arrive(story: Story, at: datetime) -> Session:
    """On the usual device, now and then on another one."""
    platform = story.person.platform if story.rng.random() < 0.8 else "desktop"
    session = story.session(at, platform, story.rng.choice(shopping.CAMPAIGNS))
    shopping.arrive(session)
    return session


def _wanted(session: Session) -> Product | None:
    product = catalogue.choose(session.story.rng)
    return product if shopping.look_at(session, product) else None


def _maybe_news(session: Session) -> None:
    """Once, when they have an account: some tick the box, a few say no by themselves."""
    story = session.story
    if not story.person.email or any(deed.via is Via.CONSENT for deed in story.deeds):
        return
    luck, at = story.rng.random(), session.at + timedelta(seconds=20)
    if luck < 0.3:
        story.news(at, choice="in", evidence=f"Ticked “Send me news and offers” at the checkout, session {session.id}")
    elif luck < 0.36:
        story.news(at, choice="out", evidence="Unticked the box in the customer's settings")


def _later(story: Story, at: datetime, low: float, high: float) -> datetime:
    return story.times.waking(story.rng, at + timedelta(days=story.rng.uniform(low, high) + 0.5))


_LIVES: dict[Kind, Callable[[Story, datetime], None]] = {
    Kind.VISITOR: _visitor,
    Kind.PROSPECT: _prospect,
    Kind.BUYER: _buyer,
    Kind.REGULAR: _regular,
    Kind.SALE_DAY: _sale_day,
    Kind.STORE: _store_customer,
}
