"""What a story is made of: deeds of one person in order of time, most of them in sessions on one device."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

from apps.insights.demo.catalogue import Product
from apps.insights.demo.people import Person
from apps.touchpoints.enums import By, Channel, Event

ZONE = ZoneInfo("Europe/Berlin")
HISTORY = timedelta(days=180)
LIVE = timedelta(days=38)  # since when Milepost is connected; what was before was imported
MOBILE_BUG = timedelta(days=42)
SHOP_URL = "https://www.fernhill.example"
_HOURS = range(7, 24)
_HOUR_WEIGHTS = [2, 3, 3, 3, 3, 5, 4, 3, 3, 4, 5, 6, 8, 9, 9, 6, 3]


@dataclass(frozen=True)
class Times:
    """The moments that the stories refer to; `outage` is a local day from 10:00 to 22:00."""

    now: datetime

    def clock(self, days_ago: int, hour: int, minute: int) -> datetime:
        day = (self.now - timedelta(days=days_ago)).astimezone(ZONE).date()
        return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)

    @property
    def connected_at(self) -> datetime:
        return self.now - LIVE

    @property
    def bug_since(self) -> datetime:
        return self.now - MOBILE_BUG

    @property
    def outage(self) -> tuple[datetime, datetime]:
        return self.clock(21, 10, 0), self.clock(21, 22, 0)

    def is_outage(self, at: datetime) -> bool:
        start, end = self.outage
        return start <= at < end

    def has_bug(self, at: datetime, platform: str) -> bool:
        return platform == "mobile" and at >= self.bug_since

    def waking(self, rng: random.Random, at: datetime) -> datetime:
        """The same local day, at an hour when people shop."""
        hour = rng.choices(_HOURS, _HOUR_WEIGHTS)[0]
        clock = time(hour, rng.randrange(60), rng.randrange(60))
        return datetime.combine(at.astimezone(ZONE).date(), clock, ZONE).astimezone(UTC)

    def working(self, rng: random.Random, at: datetime) -> datetime:
        """Afterwards, when the support line and the store are open: the same local day or the next."""
        clock = time(rng.randrange(9, 18), rng.randrange(60), rng.randrange(60))
        found = datetime.combine(at.astimezone(ZONE).date(), clock, ZONE).astimezone(UTC)
        return found if found > at else found + timedelta(days=1)


class Via(Enum):
    """How a deed becomes known: the shop's pages, its backend, staff who write it down, a box that was ticked."""

    BROWSER = auto()
    SERVER = auto()
    STAFF = auto()
    CONSENT = auto()


@dataclass(frozen=True, slots=True)
class Deed:
    at: datetime
    person: Person
    number: int
    via: Via
    event: str
    by: By
    channel: Channel
    properties: dict[str, Any]
    context: dict[str, Any]
    platform: str
    is_signed_in: bool
    traits: dict[str, Any] | None

    @property
    def message_id(self) -> str:
        return f"{self.person.key}-{self.number}"


@dataclass
class Story:
    person: Person
    rng: random.Random
    times: Times
    deeds: list[Deed] = field(default_factory=list)
    sessions: int = 0
    orders: int = 0

    def add(
        self,
        at: datetime,
        event: str,
        via: Via,
        properties: dict[str, Any] | None = None,
        *,
        by: By = By.CUSTOMER,
        channel: Channel = Channel.WEB,
        context: dict[str, Any] | None = None,
        platform: str = "",
        traits: dict[str, Any] | None = None,
    ) -> None:
        self.deeds.append(
            Deed(
                at=at,
                person=self.person,
                number=len(self.deeds) + 1,
                via=via,
                event=event,
                by=by,
                channel=channel,
                properties=properties or {},
                context=context or {},
                platform=platform,
                is_signed_in=platform in self.person.seen_on,
                traits=traits,
            )
        )

    def staff(self, at: datetime, event: str, note: str, channel: Channel) -> None:
        self.add(at, event, Via.STAFF, {"note": note}, channel=channel)

    def news(self, at: datetime, *, choice: str, evidence: str) -> None:
        self.add(at, "", Via.CONSENT, {"choice": choice, "evidence": evidence})

    def session(self, at: datetime, platform: str, campaign: tuple[str, str, str] | None = None) -> "Session":
        self.sessions += 1
        return Session(self, at, platform, f"{self.person.key.lower()}-{self.sessions}", campaign)


@dataclass
class Session:
    """One visit to the shop; `at` goes on with each deed."""

    story: Story
    at: datetime
    platform: str
    id: str
    campaign: tuple[str, str, str] | None = None

    def _go_on(self) -> None:
        self.at += timedelta(seconds=self.story.rng.randint(12, 140), milliseconds=self.story.rng.randrange(1000))

    def do(self, event: str, properties: dict[str, Any] | None = None, **more: Any) -> None:
        self._go_on()
        said = {**(properties or {}), "platform": self.platform, "session_id": self.id}
        self.story.add(self.at, event, Via.BROWSER, said, platform=self.platform, **more)

    def page(self, category: str, name: str, path: str) -> None:
        context: dict[str, Any] = {"page": {"url": f"{SHOP_URL}{path}", "path": path, "title": name}}
        if self.campaign is not None:
            source, medium, campaign = self.campaign
            context["campaign"] = {"source": source, "medium": medium, "name": campaign}
            self.campaign = None  # only where they arrive
        self.do(Event.PAGE_VIEWED.value, {"category": category, "name": name}, context=context)

    def view(self, product: Product) -> None:
        self.do("Product Viewed", product.properties)

    def sign_in(self) -> None:
        """The first time on any device it opens the customer's account, with what the form asks for."""
        person = self.story.person
        if self.platform in person.seen_on:
            return
        traits = {"lastDevice": self.platform} if person.seen_on else person.traits
        person.seen_on.add(self.platform)
        self._go_on()
        self.story.add(
            self.at,
            Event.IDENTIFY.value,
            Via.BROWSER,
            traits,
            by=By.MACHINE,
            platform=self.platform,
            traits=traits,
        )
