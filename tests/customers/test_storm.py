"""Identity operations from many connections at once leave what the same ones leave one after the other."""

import os
import random
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections

from apps.core import actions as pipeline
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers import selectors
from apps.customers.actions import consents, merges, segments, undoing
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer, Identity, Membership, Merge, Segment, Topic
from apps.journeys.models import StageEntry
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.models import Interaction
from apps.touchpoints.wire import Item
from tests.factories import published_shop
from tests.pipeline import drain

OPERATIONS = 1000 if os.environ.get("FAULTS") == "long" else 200
THREADS = 16
GROUPS = 6
BROWSERS = 4
LOGINS = [f"{kind}{n}" for kind in "uv" for n in range(GROUPS)]
SEGMENTS = {
    "Buys": {"did": {"event": "Order Completed", "at_least": 3, "within_days": 50}},
    "Stands": {"in_stage": {"journey": "Web shop", "stage": "Purchase"}},
    "Reads": {"consents": {"channel": "email", "topic": "news"}},
}


class World:
    """Six people with two logins each, u0 v0 … u5 v5, and browsers that each belong to one login. Staff merge u into v
    and undo it, over and over. What is sent, and when it happened, is settled before anything runs."""

    def __init__(self, now) -> None:
        self.now = now
        self.source = sources.create(name="Storm", kind=SourceKind.SERVER)
        self.sent: dict[str, Claim] = {}  # message id -> who spoke
        self.send("begin", *(Claim(login) for login in LOGINS))
        for number, login in enumerate(LOGINS):
            choice = Choice.IN if number % 3 else Choice.OUT
            consents.record(customer=self.customer(login), channel="email", topic=Topic.objects.get(key="news"),
                            choice=choice, at=now, evidence=login)  # fmt: skip

    def send(self, name: str, *claims: Claim) -> None:
        """`name` is that of the operation, which decides what happens and when: a minute for each."""
        dice = random.Random(name)
        items = []
        for number, claim in enumerate(claims):
            message_id = f"{name}-{number}"
            self.sent[message_id] = claim
            at = self.now - timedelta(days=dice.randrange(100), seconds=dice.randrange(86_400), microseconds=number)
            event = dice.choice(["Product Viewed", "Product Viewed", "Product Added", "Order Completed"])
            items.append(Item(claim, message_id, at, event, By.CUSTOMER, None, {}, {}))
        ingest.store(source=self.source, items=items, received_at=self.now)

    def operations(self, dice: random.Random) -> list[Callable[[], None]]:
        kinds = [self.browse, self.browse, self.login, self.login, self.alias, self.batch, self.merge, self.undo]
        made = [dice.choice(kinds) for _ in range(OPERATIONS)]
        return [partial(kind, f"o{number}", random.Random(dice.random())) for number, kind in enumerate(made)]

    def login_of(self, dice: random.Random) -> tuple[str, str]:
        """A login and one of its browsers."""
        login = f"{dice.choice('uv')}{dice.randrange(GROUPS)}"
        return login, f"{login}-b{dice.randrange(BROWSERS)}"

    def browse(self, name: str, dice: random.Random) -> None:
        self.send(name, Claim(anonymous_id=self.login_of(dice)[1]))

    def login(self, name: str, dice: random.Random) -> None:
        self.send(name, Claim(*self.login_of(dice)))

    def alias(self, name: str, dice: random.Random) -> None:
        """A browser to its login, and logins round in a circle, which joins nobody."""
        login, browser = self.login_of(dice)
        following = f"{login[0]}{(int(login[1]) + 1) % GROUPS}"
        self.send(name, Claim(login, previous_id=dice.choice([browser, following])))

    def batch(self, name: str, dice: random.Random) -> None:
        self.send(name, *(Claim(*self.login_of(dice)) for _ in range(5)), Claim(self.login_of(dice)[0]))

    def merge(self, name: str, dice: random.Random) -> None:
        n = dice.randrange(GROUPS)
        kept, gone = self.customer(f"v{n}"), self.customer(f"u{n}")
        with suppress(merges.NotMergeable):  # somebody was faster
            merges.merge(kept=kept, gone=gone, reason="storm", by=None, now=self.now)

    def undo(self, name: str, dice: random.Random) -> None:
        for merge in Merge.objects.filter(undone_at=None, through_id=None).order_by("?")[:1]:
            with suppress(undoing.NotUndoable):
                undoing.undo(merge=merge, by=None, now=self.now)

    def customer(self, login: str) -> Customer:
        return Identity.objects.select_related("customer").get(kind="external", value=login).customer

    def settle(self) -> None:
        """Even ones end as one person, odd ones as two; each browser is told its login once more."""
        for merge in Merge.objects.filter(undone_at=None, through_id=None).order_by("-pk"):
            undoing.undo(merge=merge, by=None, now=self.now)
        self.send("end", *(Claim(login, f"{login}-b{b}") for login in LOGINS for b in range(BROWSERS)))
        for n in range(0, GROUPS, 2):
            merges.merge(
                kept=self.customer(f"v{n}"), gone=self.customer(f"u{n}"), reason="settled", by=None, now=self.now
            )
        drain(self.now + timedelta(minutes=9))  # what a pass put back is due then

    def partition(self) -> set[frozenset[str]]:
        """Which ids are one customer."""
        found = defaultdict(set)
        for pk, value in Identity.objects.values_list("customer_id", "value"):
            found[pk].add(value)
        return {frozenset(values) for values in found.values()}


def one_after_the_other(world: World, operations: list[Callable[[], None]]) -> list[Exception]:
    for number, operation in enumerate(operations):
        operation()
        if number % 10 == 0:
            pipeline.run_pipeline(now=world.now + timedelta(minutes=1))
    return []


def storm(world: World, operations: list[Callable[[], None]]) -> list[Exception]:
    """All operations, from as many connections as there are threads, with the pipeline beside them."""
    errors: list[Exception] = []
    waiting, is_over = list(reversed(operations)), threading.Event()

    def work() -> None:
        try:
            while waiting:
                waiting.pop()()
        except IndexError:
            pass
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)
        finally:
            connections.close_all()

    def fold() -> None:
        try:
            while not is_over.wait(0.05):
                pipeline.run_pipeline(now=world.now + timedelta(minutes=1))
        finally:
            connections.close_all()

    folding = threading.Thread(target=fold)
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in [folding, *threads]:
        thread.start()
    for thread in threads:
        thread.join(300)
    is_over.set()
    folding.join(60)
    return errors


def told(world: World) -> dict[str, Any]:
    """The state, with each customer under the ids by which they are known: no number of a row, no time of arrival."""
    names: dict[int, str] = {}
    for pk, value in Identity.objects.order_by("value").values_list("customer_id", "value"):
        names[pk] = f"{names.get(pk, '')} {value}"
    stages = defaultdict(list)
    entries = StageEntry.objects.standing().order_by("entered_at", "lap", "stage_key")
    for pk, *entry in entries.values_list("customer_id", "stage_key", "lap", "entered_at", "left_at", "overdue_at"):
        stages[names[pk]].append(tuple(entry))
    news = {
        names[one.pk] for one in selectors.who_may_be_written_to(channel="email", topic_key="news") if one.pk in names
    }
    return {
        "who is one": set(names.values()),
        "owners": {m: names[pk] for m, pk in Interaction.objects.values_list("message_id", "customer_id")},
        "stages": dict(stages),
        "answers": {(evidence, names[pk]) for evidence, pk in Consent.objects.values_list("evidence", "customer_id")},
        "may be written to": news,
        "segments": {(name, names[pk]) for name, pk in
                     Membership.objects.current().values_list("segment__name", "customer_id")},
    }  # fmt: skip


def empty() -> None:
    """Everything that a run made; the map and the segments stay."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_customer, touchpoints_source, core_change CASCADE")
    ingest.forget_cached()


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_as_if_one_after_the_other(now):
    published_shop(now - timedelta(days=200))
    after = {}
    for run in (one_after_the_other, storm):
        for name, rule in SEGMENTS.items():
            segments.save(
                segment=Segment.objects.filter(name=name).first() or Segment(name=name, rule=rule), by=None, now=now
            )
        segments.keep(now=now)
        world = World(now)
        assert run(world, world.operations(random.Random(41))) == []
        world.settle()
        assert_settled(world)
        after[run.__name__] = told(world)
        empty()
    serial, parallel = after.values()
    for what in serial:
        assert parallel[what] == serial[what], what
    assert all(serial.values()), "there is something of everything to compare"
    assert {name for name, _who in serial["segments"]} >= {"Buys", "Reads"}  # who stands where is compared in stages


def assert_settled(world: World) -> None:
    browsers = {login: {f"{login}-b{b}" for b in range(BROWSERS)} for login in LOGINS}
    one = [frozenset({f"u{n}", f"v{n}"} | browsers[f"u{n}"] | browsers[f"v{n}"]) for n in range(0, GROUPS, 2)]
    two = [frozenset({f"{k}{n}"} | browsers[f"{k}{n}"]) for k in "uv" for n in range(1, GROUPS, 2)]
    assert world.partition() == {*one, *two}
    assert_each_interaction_is_once_with_who_spoke(world)
    assert not Customer.objects.filter(merged_into__merged_into__isnull=False).exists()
    assert not Change.objects.exclude(error="").exists()
    assert not Change.objects.filter(origin=Origin.LIVE).exists()


def assert_each_interaction_is_once_with_who_spoke(world: World) -> None:
    stored = dict(Interaction.objects.values_list("message_id", "customer_id"))
    assert set(stored) == set(world.sent)
    owners = {(kind, value): pk for kind, value, pk in Identity.objects.values_list("kind", "value", "customer_id")}
    wrong = {m: claim for m, claim in world.sent.items() if stored[m] != owners[claim.key]}
    assert wrong == {}
