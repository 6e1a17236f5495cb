"""The proof of the dry run: over the same history it finds the messages that the real engine made, at the same times
and for the same reasons."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Min
from django.utils import timezone

from apps.campaigns.actions import delivering, dry_runs, running
from apps.campaigns.enums import MessageState
from apps.campaigns.models import Campaign, Enrolment, Message, Suppression
from apps.core import jobs
from apps.core.models import CompanySettings, Job
from apps.customers.actions import consents
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice
from apps.customers.models import Customer, Topic
from apps.feedback.models import Case
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.wire import Item
from tests.factories import campaign, published_shop
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
END = START + timedelta(days=40)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", ""]
EVENTS = ["Order Completed", "Order Completed", "Product Viewed", "Product Added", "Order Refunded", "Signed In"]


def message(subject: str, topic: str = "feedback") -> dict:
    return {"message": {"channel": "email", "topic": topic, "subject": subject, "body": "Hello"}}


def steps() -> list[dict]:
    added = {"did": {"event": "Product Added", "within_days": 5}}
    return [
        message("First"),
        {"wait": {"for": {"did": {"event": "Product Viewed"}}, "at_most": {"days": 2}, "else": [message("Late")]}},
        {"branch": {"ways": [{"name": "Added", "rule": added, "steps": [message("Added", "service")]}], "else": [
            {"split": {"ways": [{"name": "A", "percent": 50, "steps": [message("A")]},
                                {"name": "B", "percent": 50, "steps": [{"survey": {"survey": "NPS"}}]}]}},
        ]}},
        {"wait": {"days": 1, "until": "10:00", "weekdays": ["monday", "wednesday", "friday"]}},
        message("Last"),
    ]  # fmt: skip


BOUGHT = {"on": "event", "event": "Order Completed"}
CAMPAIGNS = {
    "Stage": {"trigger": {"on": "stage_entered", "stage": "Purchase"}, "reentry": "every_time"},
    "Left": {"trigger": {"on": "stage_left", "stage": "Awareness"}, "reentry": "once", "steps": [message("Bye")]},
    "Step": {"trigger": {"on": "step_reached", "step": "Fills the cart"}, "reentry": "cool_down_days:10",
             "steps": [{"wait": {"hours": 3}}, message("Cart")]},
    "Keyed": {"trigger": {**BOUGHT, "key": "properties.order"}, "max_lateness_hours": 5},
    "After": {"trigger": BOUGHT, "reentry": "after_exit", "exit": {"did": {"event": "Order Refunded"}}},
    "Held": {"trigger": BOUGHT, "reentry": "every_time", "holdout_percent": 40, "steps": [message("Some", "news")]},
    "Golden": {"trigger": BOUGHT, "reentry": "every_time", "audience": {"trait": ["plan", "=", "gold"]},
               "recheck_audience": True, "steps": [{"wait": {"days": 1}}, message("Gold", "service")]},
}  # fmt: skip


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.source = sources.create(name="Shop", kind=SourceKind.SERVER)
        self.number = 0
        self.last: dict[int, datetime] = {}

    def act(self, user: int, event: str, at: datetime, known: datetime) -> None:
        self.number += 1
        traits = {"email": f"c{user}@mail.example", "timezone": ZONES[user % 4], "plan": ["gold", "silver"][user % 2]}
        claim = Claim(f"u{user}", traits={name: value for name, value in traits.items() if value})
        said = {"order": f"o{self.random.randrange(6)}", "total": 10}
        item = Item(claim, f"m{self.number}", at, event, By.CUSTOMER, None, said, {})
        ingest.store(source=self.source, items=[item], received_at=known)
        drain(known)

    def live(self, customers: int, events: int) -> None:
        """A history with late events, opt-outs, a suppression and a case in the middle."""
        hours = sorted(self.random.uniform(0, 38 * 24) for _ in range(events))
        for hour in hours:
            known = START + timedelta(hours=hour)
            self.go_on(known)
            Case.objects.filter(closed_at=None, opened_at__lt=known).update(
                closed_at=known, root_cause="Found", action_taken="Mended"
            )
            user, event = self.random.randrange(customers), self.random.choice(EVENTS)
            at = known - timedelta(hours=self.random.choice([0, 0, 0, 2, 9]))
            # Not before what is known of the customer already: the simulation sees the history as it is known now.
            at, self.last[user] = (at if at > self.last.get(user, START) else known), known
            self.act(user, event, at, known)
            if self.number in {events // 3, events // 2}:
                self.interfere(known)
        self.go_on(END)

    def interfere(self, at: datetime) -> None:
        first, second, third = Customer.objects.order_by("pk")[:3]
        topic = Topic.objects.get(key="feedback")
        consents.record(customer=first, channel="email", topic=topic, choice=Choice.OUT, at=at, evidence="")
        news = Topic.objects.get(key="news")
        consents.record(customer=second, channel="email", topic=news, choice=Choice.IN, at=at, evidence="")
        Suppression.objects.get_or_create(
            channel="email", address=second.email, defaults={"reason": "hard bounce", "created_at": at}
        )
        Case.objects.create(customer=third, kind="problem", title="Broken", opened_at=at, due_at=END)

    def go_on(self, until: datetime) -> None:
        """The real engine, at each moment at which something is due."""
        while (due := self.next_due()) is not None and due <= until:
            while running.run_due(now=due):
                pass
            while delivering.deliver_due(now=due, clock=lambda due=due: due):
                pass
            drain(due)

    def next_due(self) -> datetime | None:
        run = Enrolment.objects.active().aggregate(at=Min("due_at"))["at"]
        waiting = Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.HELD])
        asked = waiting.aggregate(at=Min("due_at"))["at"]
        return min((at for at in (run, asked) if at is not None), default=None)


def really(made: Campaign) -> list[tuple]:
    rows = Message.objects.filter(enrolment__campaign=made).select_related("step")
    return sorted(
        (
            row.customer_id,
            row.step.position,
            row.sent_at if row.state == "sent" else datetime.fromisoformat(row.verdicts[-1]["at"]),
            row.state,
            row.reason if row.state != "sent" else "",
        )
        for row in rows
    )


def simulated(made: Campaign) -> tuple[list[tuple], dict]:
    job = dry_runs.start(campaign=made, user_id=None, now=END)
    jobs.run_due(clock=timezone.now, goes_on=lambda: True)
    job = Job.objects.get(pk=job.pk)
    assert job.state == "done", job.error
    rows = [(c, p, datetime.fromisoformat(at), out, "" if out == "sent" else why)
            for c, p, at, out, why in job.result["sample"]]  # fmt: skip
    return sorted(rows), job.result


@pytest.mark.parametrize("seed", [1, 2])
def test_the_dry_run_finds_what_the_engine_did(seed, monkeypatch):
    monkeypatch.setattr(dry_runs, "MOST_SAMPLES", 10_000)
    monkeypatch.setattr(dry_runs, "SLICE", 3)
    CompanySettings.objects.create(
        pk=1, time_zone="Europe/Berlin", quiet_from="21:00", quiet_until="08:00", most_messages_a_day=2,
        most_messages_a_week=6,
    )  # fmt: skip
    published_shop(START)
    made = [campaign(START, **{"name": name, "steps": steps()} | changes) for name, changes in CAMPAIGNS.items()]
    World(seed).live(customers=6, events=80)
    outcomes = set()
    for one in made:
        before = Message.objects.count(), Enrolment.objects.count()
        found, result = simulated(one)
        expected = really(one)
        # What is held at the end is recorded when it was last asked.
        assert found == expected, one.name
        runs = Enrolment.objects.filter(campaign=one)
        held_out = runs.filter(is_held_out=True).count()
        assert (result["enrolled"], result["held_out"]) == (runs.count() - held_out, held_out)
        assert result["on_the_way"] == runs.active().count()
        assert result["messages"] == sum(state == "sent" for *_rest, state, _reason in expected)
        assert (Message.objects.count(), Enrolment.objects.count()) == before
        outcomes |= {(state, reason[:9]) for *_rest, state, reason in expected}
    # The history shows what it is to show.
    assert {state for state, _reason in outcomes} == {"sent", "skipped", "held"}
    assert {("skipped", "suppresse"), ("skipped", "said no t"), ("skipped", "has not s"), ("skipped", "exited: e")} <= (
        outcomes
    )
