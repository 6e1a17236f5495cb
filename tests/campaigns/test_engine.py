"""The engine beside a slow second one: random campaigns, interactions, opt-outs, kills and clock steps. No enrolment
vanishes, no step runs twice, no message leaves after an exit or an answered opt-out."""

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.campaigns import wire
from apps.campaigns.actions import campaigns, delivering, handing, running, stepping
from apps.campaigns.channels import Outcome, Outgoing, Result
from apps.campaigns.models import CampaignStep, Enrolment, Message, StepRun
from apps.core.enums import Origin
from apps.customers.actions import consents
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice
from apps.customers.models import Customer
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.wire import Item
from tests.campaigns.oracle import HOUR, Happening, Oracle
from tests.pipeline import drain

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TICKS = 14
_LONG = os.environ.get("FAULTS") == "long"
GOLD = {"trait": ["plan", "=", "gold"]}


MESSAGES = st.just({"message": {"channel": "email", "topic": "service", "subject": "Hello", "body": "Hello"}})
WAITS = st.integers(0, 4).map(lambda hours: {"wait": {"hours": hours}})


def _waiting(late: list[Any]) -> dict[str, Any]:
    return {"wait": {"for": {"did": {"event": "Bought"}}, "at_most": {"hours": 3}, "else": late}}


def _branching(two: tuple[list[Any], list[Any]]) -> dict[str, Any]:
    return {"branch": {"ways": [{"rule": GOLD, "steps": two[0]}], "else": two[1]}}


def _splitting(two: tuple[list[Any], list[Any]]) -> dict[str, Any]:
    return {"split": {"ways": [{"percent": 50, "steps": steps} for steps in two]}}


def steps(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    kinds = [MESSAGES, MESSAGES, WAITS, st.just({"exit": {}})]
    if depth:
        inner = steps(depth - 1)
        kinds += [inner.map(_waiting), st.tuples(inner, inner).map(_branching), st.tuples(inner, inner).map(_splitting)]
    return st.lists(st.one_of(kinds), max_size=4)


EVENTS = st.lists(
    st.tuples(st.integers(0, TICKS - 1), st.integers(1, 59), st.sampled_from(["Start", "Bought", "Stop", "Noise"])),
    min_size=1, max_size=8, unique_by=lambda one: one[:2],
)  # fmt: skip


class Kill(BaseException):
    """The process is no more."""


class Sink:
    """Takes what it is handed; dies in the middle of some, after the first byte."""

    name = "sink"

    def __init__(self, deaths: set[int]) -> None:
        self.handed: list[tuple[str, datetime]] = []
        self.deaths, self.now = deaths, START

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        self.handed.append((outgoing.identity, self.now))
        if len(self.handed) in self.deaths:
            raise Kill
        return Result(Outcome.SENT)


@pytest.mark.django_db
@settings(
    max_examples=300 if _LONG else 15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    program=steps(2).filter(bool), events=EVENTS, is_gold=st.booleans(), opted_out=st.none() | st.integers(0, TICKS),
    killed=st.sets(st.integers(0, TICKS)), deaths=st.sets(st.integers(1, 6), max_size=2),
)  # fmt: skip
def test_the_engine_does_what_the_oracle_says(program, events, is_gold, opted_out, killed, deaths):
    with transaction.atomic():
        _compare(program, events, is_gold=is_gold, opted_out=opted_out, killed=killed, deaths=deaths)
        transaction.set_rollback(True)


def _compare(program, events, *, is_gold, opted_out, killed, deaths) -> None:
    text = {"name": "C", "trigger": {"on": "event", "event": "Start"}, "reentry": "every_time",
            "steps": json.loads(json.dumps(program)), "exit": {"did": {"event": "Stop"}}}  # fmt: skip
    made = campaigns.import_text(text=wire.read(text))
    campaigns.activate(campaign=made, include_present=False, now=START)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    traits = {"email": "ann@mail.example", **({"plan": "gold"} if is_gold else {})}
    ingest.store(source=source, items=[_item("Noise", START, 0, traits)], received_at=START, origin=Origin.LIVE)
    drain(START)
    customer = Customer.objects.get()
    sink, asked_at = Sink(deaths), None
    oracle = Oracle(made.draft, is_gold=is_gold, splits=_splits(customer))
    for tick in range(TICKS + 1):
        now = START + (tick + 1) * HOUR
        happenings = [Happening(START + t * HOUR + m * HOUR / 60, e) for t, m, e in sorted(events) if t == tick]
        if happenings:
            items = [_item(one.event, one.at, n) for n, one in enumerate(happenings, 1)]
            ingest.store(source=source, items=items, received_at=now, origin=Origin.LIVE)
        drain(now)
        oracle.tick(now, happenings)
        if tick in killed:
            _die_while_running(now)
        while running.run_due(now=now):
            pass
        _deliver(sink, now)
        if opted_out == tick:
            consents.record(customer=customer, channel="email", topic=None, choice=Choice.OUT, at=now)
            asked_at = now
    _agree(oracle, sink, asked_at)


def _item(event: str, at: datetime, number: int, traits: dict[str, Any] | None = None) -> Item:
    claim = Claim("ann", traits=traits)
    return Item(claim, f"{event}:{at.isoformat()}:{number}", at, event, By.CUSTOMER, None, {}, {})


def _splits(customer: Customer) -> dict[str, int]:
    found = CampaignStep.objects.filter(kind="split")
    return {str(step.key): stepping.way_of_split(step, customer.pk) for step in found}


def _die_while_running(now: datetime) -> None:
    with transaction.atomic():
        running.run_due(now=now)
        transaction.set_rollback(True)


def _deliver(sink: Sink, now: datetime) -> None:
    sink.now = now
    for later in (0, 60, 120):  # whoever died is found when its lease is over
        moment = now + timedelta(seconds=later)
        try:
            while delivering.deliver_due(now=moment, channel=sink, clock=lambda: moment):  # noqa: B023 - used at once
                pass
        except Kill:
            pass


def _agree(oracle: Oracle, sink: Sink, asked_at: datetime | None) -> None:
    runs = list(Enrolment.objects.order_by("cause_at", "pk"))
    assert [(run.cause_at, run.state, run.exit_reason) for run in runs] == [
        (one.cause_at, one.state, one.reason) for one in sorted(oracle.runs, key=lambda one: one.cause_at)
    ]
    for run, one in zip(runs, sorted(oracle.runs, key=lambda one: one.cause_at), strict=True):
        passed = StepRun.objects.filter(enrolment=run).values_list("step_key", flat=True)
        assert Counter(map(str, passed)) == Counter(one.passed)
        queued = Message.objects.filter(enrolment=run).values_list("step__key", "created_at")
        assert sorted((str(key), at) for key, at in queued) == sorted(one.messages)
    handed = Counter(identity for identity, _at in sink.handed)
    for message in Message.objects.select_related("enrolment"):
        times = handed[handing.identity_of(message.key)]
        assert times <= 1 or message.is_uncertain
        assert message.state in {"sent", "skipped"}
        assert times >= 1 or message.state == "skipped"
    if asked_at is not None:
        assert not [at for _identity, at in sink.handed if at > asked_at]
