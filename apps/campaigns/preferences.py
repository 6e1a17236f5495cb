"""The page of preferences: which topics by which channel, and what somebody said about them so far."""

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.utils.translation import gettext as _

from apps.campaigns.enums import Way
from apps.campaigns.models import Message
from apps.customers import selectors as customers
from apps.customers.models import Topic

VERSION = "1"  # of the page's wording; goes up with every change of it


@dataclass(frozen=True)
class Choice:
    """One box: a topic on a channel."""

    topic: Topic
    way: Way
    address: str
    is_yes: bool

    @property
    def name(self) -> str:
        return f"{self.way.value}:{self.topic.key}"

    @property
    def label(self) -> str:
        """Word for word what stands beside the box."""
        return wording(topic=self.topic, way=self.way)


@dataclass(frozen=True)
class Line:
    topic: Topic
    choices: list[Choice]


def wording(*, topic: Topic, way: Way) -> str:
    return _("%(topic)s by %(way)s") % {"topic": topic.name, "way": way.label}


def page_of(message: Message) -> list[Line]:
    """Public topics only. The message's own address answers for its channel, the customer's for the other ones."""
    topics = Topic.objects.filter(is_public=True).order_by("name", "pk")
    addresses = {way.value: address for way, address in addresses_of(message)}
    said = customers.answers(customer=message.customer, addresses=addresses, topics=topics)
    choices = [Choice(one.topic, Way(one.channel), one.address, one.refusal is None) for one in said]
    return [Line(topic, list(of_topic)) for topic, of_topic in groupby(choices, key=attrgetter("topic"))]


def addresses_of(message: Message) -> list[tuple[Way, str]]:
    known = customers.addresses_of(message.customer)
    if Way(message.channel).reaches_people:
        known[message.channel] = message.address
    return [(way, known[way.value]) for way in Way if known.get(way.value) or way == message.channel]
