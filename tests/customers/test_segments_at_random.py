"""Whatever happens, in whatever order and however it is batched, segments kept by the pipeline equal a full build."""

import copy
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.db import connection

from apps.core import rules
from apps.customers.actions import consents, merges, people, segments, undoing
from apps.customers.enums import Choice, SegmentKind
from apps.customers.models import Customer, Merge, Persona, Topic
from apps.feedback.actions import responses
from apps.feedback.models import Invitation, Survey
from apps.journeys import wire as journey_wire
from apps.journeys.actions import drafts, progress, publishing
from apps.staff.enums import Role
from apps.touchpoints import wire
from apps.touchpoints.actions import ingest, log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction
from tests.customers.test_segments import GOLD, TWICE, members, segment
from tests.factories import campaign, enrolled, run_and_deliver, staff
from tests.journeys.maps import SHOP
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
PEOPLE = 200
# Who fills a cart goes back to considering, and has a day for it: people come and go, and some are late.
MAP = copy.deepcopy(SHOP)
MAP["stages"][1]["expected_days"] = 1
RULES = {
    "Often": TWICE,
    "Gold": GOLD,
    "Lost": {"all": [{"status": "customer"}, {"not": {"did": {"event": "Page Viewed", "within_days": 5}}}]},
    "Spends": {"all": [{"persona": "Big spender"}, {"not": {"in_segment": "Gold"}}]},
    "Dear": {"did": {"event": "Order Completed", "where": [["properties.total", ">", 50]]}},
    "Visited": {"did": {"event": "Store visit", "channel": "store"}},
    "Considers": {"in_stage": {"journey": "Web shop", "stage": "Consideration"}},
    "Late": {"overdue": {"journey": "Web shop"}},
    "Bought lately": {"reached": {"journey": "Web shop", "step": "Buys", "within_days": 6}},
    "Unhappy": {"scored": {"kind": "nps", "to": 6}},
    "Asked lately": {"scored": {"kind": "nps", "within_days": 4}},
    "Rude": {"tagged": "rude"},
    "Reads news": {"consents": {"channel": "email", "topic": "news"}},
    "Thanked": {"received": {"campaign": "Thank you", "within_days": 8}},
    "Guests we thanked": {"all": [{"in_segment": "Guests"}, {"in_segment": "Thanked"}]},
}


class Company:
    """What people and staff do to it. Each method does one thing to somebody, and says whether it did."""

    def __init__(self, now: datetime) -> None:
        self.clock, self.number = now, 0
        self.admin = staff(Role.ADMIN)
        self.source = sources.create(name="Shop", kind=SourceKind.SERVER)
        publishing.publish(journey=drafts.import_text(text=journey_wire.read(MAP)), now=now, by=None)
        self.campaign = campaign(now, steps=[{"message": {"channel": "email", "topic": "service", "subject": "Thanks",
                                                          "body": "Thank you."}}])  # fmt: skip
        self.survey = Survey.objects.get(kind="nps")
        self.news = Topic.objects.get(key="news")
        Persona.objects.create(name="Big spender", rule={"did": {"event": "Order Completed", "at_least": 3}})
        self.guests = segment("Guests", {}, now, kind=SegmentKind.LIST)
        self.segments = [segment(name, rule, now) for name, rule in RULES.items()]

    def somebody(self) -> Customer:
        """Known by an id, and present."""
        return random.choice(Customer.objects.present().filter(is_identified=True).order_by("pk"))

    def next(self) -> int:
        self.number += 1
        return self.number

    def events(self) -> int:
        messages = [_random_message(self.next(), self.clock) for _ in range(random.randint(1, 400))]
        self.clock += timedelta(hours=random.choice([1, 6, 30]))
        call = wire.Call(messages=messages, sent_at=self.clock.isoformat())
        return ingest.take(source=self.source, call=call, received_at=self.clock).stored

    def merge(self) -> bool:
        with suppress(merges.NotMergeable):
            merges.merge(kept=self.somebody(), gone=self.somebody(), reason="same", by=self.admin, now=self.clock)
            return True
        return False

    def undo(self) -> bool:
        found = Merge.objects.filter(undone_at=None, through_id=None, by=self.admin).order_by("pk")
        with suppress(undoing.NotUndoable, IndexError):
            undoing.undo(merge=random.choice(found), by=self.admin, now=self.clock)
            return True
        return False

    def tag(self) -> bool:
        people.tag(customer=self.somebody(), add=random.choice(["rude", "loud"]), remove="", now=self.clock)
        return True

    def untag(self) -> bool:
        tagged = Customer.objects.present().filter(tags__contains=["rude"]).order_by("pk")
        if not tagged:
            return False
        people.tag(customer=random.choice(tagged), add="", remove="rude", now=self.clock)
        return True

    def enter(self) -> bool:
        at = self.clock - timedelta(days=random.choice([0, 0, 3]))
        event = random.choice(["Store visit", "Order Completed"])
        log.enter(customer=self.somebody(), event=event, by=By.CUSTOMER, channel=Channel.STORE, at=at, now=self.clock,
                  note="", user=self.admin)  # fmt: skip
        return True

    def retract(self) -> bool:
        found = Interaction.objects.filter(origin="staff", by=By.CUSTOMER).order_by("pk")
        with suppress(log.NotRetractable, IndexError):
            log.retract(interaction=random.choice(found), user=self.admin, now=self.clock)
            return True
        return False

    def invite(self) -> bool:
        return segments.add(segment=self.guests, customer_ids=[self.somebody().pk], now=self.clock) == 1

    def uninvite(self) -> bool:
        here = members(self.guests)
        gone = [random.choice(sorted(here))] if here else []
        return segments.remove(segment=self.guests, customer_ids=gone, now=self.clock) == 1

    def consent(self) -> bool:
        choice = random.choice([Choice.IN, Choice.IN, Choice.OUT])
        consents.record(customer=self.somebody(), channel="email", topic=self.news, choice=choice, at=self.clock,
                        evidence="form")  # fmt: skip
        return True

    def answer(self) -> bool:
        invitation = Invitation.objects.create(
            key=f"i{self.next()}", customer=self.somebody(), survey=self.survey, channel="email", created_at=self.clock
        )
        responses.answer(invitation=invitation, score=random.randint(0, 10), comment="", now=self.clock)
        return True

    def answer_again(self) -> bool:
        answered = Invitation.objects.filter(response__isnull=False).order_by("pk")
        if not answered:
            return False
        responses.answer(invitation=random.choice(answered), score=random.randint(0, 10), comment="", now=self.clock)
        return True

    def thank(self) -> bool:
        enrolled(self.campaign, self.somebody(), self.clock, cause=f"entry:{self.next()}")
        run_and_deliver(self.clock)
        return True


OF_STAFF: dict[str, Callable[[Company], bool]] = {
    name: getattr(Company, name)
    for name in ("merge", "undo", "tag", "untag", "enter", "retract", "invite", "uninvite", "consent", "answer",
                 "answer_again", "thank")
}  # fmt: skip


def test_incremental_equals_a_full_build_after_ten_thousand_random_changes(now):
    """Events, traits, aliases, merges and undos, tags, entries by hand and their retraction, lists, consents, answers,
    messages and time, in batches of random size, with rules that ask for each of them."""
    random.seed(20261122)
    company = Company(now)
    done: Counter[str] = Counter()
    while done.total() < 10_000:
        done["events"] += company.events()
        for name in random.choices(list(OF_STAFF), k=random.randint(0, 25)):
            done[name] += OF_STAFF[name](company)
        if random.random() < 0.7:
            drain(company.clock)
        if random.random() < 0.3:
            segments.keep(now=company.clock)
            progress.request_look(now=company.clock)
    assert min(done[name] for name in OF_STAFF) >= 10, done
    end = company.clock + segments.SWEEP_EVERY
    progress.request_look(now=end)
    drain(end)
    segments.keep(now=end)
    drain(end)
    _assert_equal_to_full_build(company.segments, end)


def _random_message(number: int, clock: datetime) -> dict:
    who = 1 + int(PEOPLE * random.random() ** 3)  # some do much, most little
    kind = random.choices(["order", "view", "cart", "identify", "alias"], [5, 5, 3, 2, 1])[0]
    at = (clock - timedelta(hours=random.choice([0, 0, 0, 100]), minutes=random.randint(0, 50))).isoformat()
    message = {"messageId": f"m{number}", "timestamp": at, "type": "track"}
    message |= {"userId": f"u{who}"} if who % 3 else {"anonymousId": f"a{who}"}
    if kind == "order":
        return message | {"event": "Order Completed", "properties": {"total": random.randint(1, 60)}}
    if kind == "cart":
        return message | {"event": "Product Added"}
    if kind == "view":
        return message | {"type": "page"}
    if kind == "identify":
        traits = {"plan": random.choice(["gold", "silver"]), "email": f"u{who}@mail.example"}
        return message | {"type": "identify", "traits": traits}
    return message | {
        "type": "alias",
        "userId": f"u{random.randint(1, PEOPLE)}",
        "previousId": f"a{random.randint(1, PEOPLE)}",
    }


def _assert_equal_to_full_build(made, now):
    for one in made:
        fits = rules.compiled(one.rule, rules.Scope(now=now))
        expected = set(Customer.objects.present().filter(fits).values_list("pk", flat=True))
        assert members(one) == expected, one.name
        kept = members(one)
        built = segments.build(segment_id=one.pk, now=now)
        assert (built.size, built.joined, built.left) == (len(kept), 0, 0), one.name
        assert 0 < len(kept) < Customer.objects.present().count(), (one.name, "says nothing of the others")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_membership WHERE left_at < joined_at")
        assert cursor.fetchone() == (0,)
