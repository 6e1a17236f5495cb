from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.core.models import CompanySettings
from apps.customers import folding
from apps.customers.enums import Choice, IdentityKind, TopicDefault
from apps.customers.models import Consent, Customer, CustomerQuerySet, Identity, Persona, Segment, Topic

SEARCH_SIZE = 20

# Two ordered scans of C-collated b-trees: prefix = range [term, term + highest character).
_SEARCH = """
    (SELECT customer_id FROM customers_identity
      WHERE value >= %(from)s AND value < %(to)s ORDER BY value, customer_id LIMIT %(scan)s)
    UNION ALL
    (SELECT customer_id FROM customers_searchterm
      WHERE term >= %(from_term)s AND term < %(to_term)s ORDER BY term, customer_id LIMIT %(scan)s)
"""
_HIGHEST = "\U0010ffff"


def search(*, text: str) -> list[Customer]:
    """The first customers whose name, e-mail, phone, id or order number begins with the text."""
    term = folding.term(text)
    if not term or "\x00" in text:
        return []
    exact = text.strip()
    with connection.cursor() as cursor:
        cursor.execute(
            _SEARCH,
            {
                "from": exact,
                "to": exact + _HIGHEST,
                "from_term": term,
                "to_term": term + _HIGHEST,
                "scan": SEARCH_SIZE * 3,
            },
        )
        ids = dict.fromkeys(row[0] for row in cursor.fetchall())
        if exact != term:
            cursor.execute(_SEARCH, {"from": term, "to": term + _HIGHEST, "from_term": "", "to_term": "", "scan": 60})
            ids |= dict.fromkeys(row[0] for row in cursor.fetchall())
    if exact.isdecimal() and len(exact) < 18:
        ids[int(exact)] = None
    found = Customer.objects.present().select_related("persona").in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found][:SEARCH_SIZE]


def with_identity(*, value: str) -> CustomerQuerySet:
    """Customers with exactly that e-mail, phone, external or anonymous id."""
    folded = {_folded(kind, value) for kind in IdentityKind} | {value}
    wanted = [one for one in folded if one and "\x00" not in one]
    return Customer.objects.present().filter(identities__value__in=wanted).distinct()


def of_anonymous_id(*, value: object) -> Customer | None:
    """Whom a browser is known as; None for what is no such id."""
    folded = _folded(IdentityKind.ANONYMOUS, value) if isinstance(value, str) and "\x00" not in value else None
    known = Identity.objects.filter(kind=IdentityKind.ANONYMOUS, value=folded).select_related("customer")
    found = known.first() if folded else None
    return found.customer if found else None


def _folded(kind: IdentityKind, value: str) -> str | None:
    try:
        return folding.identity(kind, value)
    except ValueError:  # too long for an id, so nobody has it
        return None


def final_ids(*, customer_ids: Iterable[int]) -> dict[int, int]:
    """Each of these customers and where it leads to: itself, or the one it was merged into. The erased are left out."""
    rows = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "merged_into_id")
    return {pk: merged_into or pk for pk, merged_into in rows}


@dataclass(frozen=True)
class Answer:
    """The latest answer that decides on a topic: its own, or one about everything (no topic)."""

    choice: str
    topic: str | None
    on: str


def refusal(*, topic: str, default: str, answers: tuple[Answer | None, Answer | None]) -> str | None:
    """Why this topic may not be sent, or None. `answers`: that of the customer and that of the address; the strictest
    wins."""
    for answer in answers:
        if answer is not None and answer.choice == Choice.OUT:
            return _("said no to %(topic)s on %(day)s") % {"topic": answer.topic or _("everything"), "day": answer.on}
    if default == TopicDefault.NEEDS_OPT_IN and answers[0] is None:
        return _("has not said yes to %(topic)s") % {"topic": topic}
    return None


def says_no(*, customer: Customer, address: str, channel: str, topic: Topic) -> str | None:
    """Why this topic may not be sent there, or None."""
    (said,) = answers(customer=customer, addresses={channel: address}, topics=[topic])
    return said.refusal


@dataclass(frozen=True)
class Said:
    """What is known of one topic on one channel: by the customer, and by the address, whoever reads it."""

    topic: Topic
    channel: str
    address: str
    by_customer: Answer | None
    by_address: Answer | None
    suppressed: str = ""  # why nothing at all is sent to the address, where somebody knows

    @property
    def refusal(self) -> str | None:
        if self.suppressed:
            return _("suppressed: %(reason)s") % {"reason": self.suppressed}
        return refusal(topic=self.topic.name, default=self.topic.default, answers=(self.by_customer, self.by_address))


def answers(*, customer: Customer, addresses: Mapping[str, str], topics: Iterable[Topic]) -> list[Said]:
    """Every topic on every channel that has an address, in two questions. `addresses`: by channel."""
    rows = Consent.objects.filter(channel__in=addresses).select_related("topic")
    kinds = ("channel", "address", "topic")
    folded = {channel: folding.address(channel=channel, value=address) for channel, address in addresses.items()}
    own = list(rows.filter(customer=customer).order_by("channel", "topic", "-at", "-id").distinct("channel", "topic"))
    of_address = rows.filter(address__in=[one for one in folded.values() if one])
    shared = list(of_address.order_by(*kinds, "-at", "-id").distinct(*kinds))
    return [
        Said(
            topic,
            channel,
            address,
            _latest(own, channel, topic),
            _latest([row for row in shared if row.address == folded[channel]], channel, topic),
        )
        for topic in topics
        for channel, address in addresses.items()
    ]


def addresses_of(customer: Customer) -> dict[str, str]:
    """By channel; the ones that are known."""
    known = {"email": customer.email, "sms": customer.phone}
    return {channel: address for channel, address in known.items() if address}


def allowed(customer: Customer) -> list[Said]:
    """What may be sent to the customer: every topic, on each channel by which they can be reached."""
    topics = Topic.objects.order_by("name", "pk")
    addresses = addresses_of(customer)
    if Consent.objects.filter(customer=customer, channel="web").exists():
        addresses["web"] = ""  # notes need no address
    return answers(customer=customer, addresses=addresses, topics=topics)


def _latest(rows: Iterable[Consent], channel: str, topic: Topic) -> Answer | None:
    about = [row for row in rows if row.channel == channel and row.topic_id in {topic.pk, None}]
    if not about:
        return None
    last = max(about, key=lambda row: (row.at, row.pk))
    return Answer(last.choice, last.topic.name if last.topic else None, f"{last.at:%Y-%m-%d}")


def who_may_be_written_to(*, channel: str, topic_key: str) -> CustomerQuerySet:
    """Everybody for whom refusal has nothing to say about the address that we have of them."""
    topic = Topic.objects.filter(key=topic_key).first()
    if topic is None:
        return Customer.objects.none()
    answers = Consent.objects.about(channel=channel, topic=topic).order_by("-at", "-id").values("choice")
    address = {"email": "email", "sms": "phone"}[channel]
    of_address = answers.filter(address=OuterRef(address)).exclude(address="")[:1]
    no_answer = Value("")  # not NULL, which would be neither a yes nor "no no"
    found = Customer.objects.annotate(
        by_customer=Coalesce(Subquery(answers.filter(customer=OuterRef("pk"))[:1]), no_answer),
        by_address=Coalesce(Subquery(of_address), no_answer),
    ).exclude(by_address=Choice.OUT)
    if topic.default == TopicDefault.NEEDS_OPT_IN:
        return found.filter(by_customer=Choice.IN)
    return found.exclude(by_customer=Choice.OUT)


def rule_holders() -> list[tuple[str, dict[str, Any]]]:
    """Segments, personas and the company's conversion rule, in words, with their rules."""
    segments = [(f'the segment "{segment}"', segment.rule) for segment in Segment.objects.by_rule().order_by("name")]
    personas = [(f'the persona "{persona}"', persona.rule) for persona in Persona.objects.order_by("name")]
    return [*segments, *personas, ("the settings of the company", CompanySettings.current().conversion_rule)]
