"""Triggers, re-entry, lateness, origins, exits and goals, through the real pipeline."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.campaigns.actions import campaigns, enrolling, present, running
from apps.campaigns.causes import Cause
from apps.campaigns.models import Enrolment, Message
from apps.core.enums import JobState, Origin
from apps.core.models import Job
from apps.customers.actions import merges
from apps.customers.actions.identities import Claim
from apps.customers.models import Customer
from apps.journeys.actions import progress
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.wire import Item
from tests.factories import campaign, published_shop
from tests.pipeline import drain
from tests.transfers import work

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def send():
    published_shop(START)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    numbers = iter(range(10_000))

    def act(event: str, day: float = 0, *, user: str = "u1", origin=Origin.LIVE, traits=None, at: float | None = None):
        moment = START + timedelta(days=day)
        item = Item(Claim(user, traits=traits), f"m{next(numbers)}", moment, event, By.CUSTOMER, None, {}, {})
        now = START + timedelta(days=day if at is None else at)
        ingest.store(source=source, items=[item], received_at=now, origin=origin)
        drain(now)

    return act


def test_entering_the_stage_enrols_once_for_the_cause(send):
    made = campaign(START)
    send("Product Viewed")
    assert not Enrolment.objects.exists()
    send("Order Completed", 1)
    run = Enrolment.objects.get()
    assert (run.campaign, run.cause_at, run.state) == (made, START + timedelta(days=1), "active")


@pytest.mark.parametrize("origin", [Origin.IMPORT, Origin.PUBLISH, Origin.REBUILD, Origin.MERGE])
def test_only_live_and_staff_causes_fire(send, origin):
    campaign(START)
    send("Order Completed", origin=origin)
    assert not Enrolment.objects.exists()


def test_what_comes_too_late_does_not_fire(send):
    campaign(START, max_lateness_hours=24)
    send("Order Completed", 0, user="early", at=0.99)
    send("Order Completed", 0, user="late", at=1.01)
    assert [run.customer.identities.get().value for run in Enrolment.objects.all()] == ["early"]


def test_a_refold_fires_nothing_again(send):
    campaign(START)
    send("Order Completed", 1)
    send("Product Viewed", 0.5, at=1.1)
    send("Product Viewed", 0.4, at=1.2)
    assert Enrolment.objects.count() == 1


def test_a_withdrawn_cause_ends_the_run(send):
    campaign(START, trigger={"on": "stage_entered", "stage": "Lapsed"}, max_lateness_hours=2000)
    send("Product Viewed")
    send("Something Else", 70)  # silence fell after 60 days
    run = Enrolment.objects.get()
    send("Something Else", 30, at=71)  # which a late event denies
    run.refresh_from_db()
    assert (run.state, run.exit_reason) == ("exited", "cause_withdrawn")


def test_overdue_found_by_the_sweep_enrols(send):
    campaign(START, trigger={"on": "overdue", "stage": "Awareness"})
    send("Product Viewed", origin=Origin.IMPORT)
    now = START + timedelta(days=7, hours=1)
    progress.request_look(now=now)
    drain(now)
    assert Enrolment.objects.get().cause_at == START + timedelta(days=7)
    progress.request_look(now=now)
    drain(now)
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize(
    ("reentry", "runs"), [("once", 1), ("every_time", 2), ("after_exit", 1), ("cool_down_days:365", 1)]
)
def test_re_entry(send, reentry, runs):
    campaign(START, reentry=reentry)
    send("Order Completed", 0)
    send("Product Viewed", 61)  # after silence, a new lap
    send("Order Completed", 62, user="u2")
    send("Order Completed", 130)  # the second order is loyalty; not this trigger
    send("Product Added", 131)  # goes back
    assert Enrolment.objects.filter(customer__identities__value="u1").count() == 1
    campaign_of = Enrolment.objects.first().campaign
    entry = Enrolment.objects.filter(customer__identities__value="u1").get()
    cause = Cause(entry.customer_id, f"entry:{entry.entry_id + 1000}", START)
    enrolling.enrol(campaign=campaign_of, causes=[cause, cause], now=START + timedelta(days=140))
    assert Enrolment.objects.filter(customer__identities__value="u1").count() == runs


def test_after_exit_lets_in_again_when_the_run_has_ended(send):
    made = campaign(START, reentry="after_exit")
    send("Order Completed", 0)
    Enrolment.objects.update(state="finished", ended_at=START)
    entry = Enrolment.objects.get()
    enrolling.enrol(campaign=made, causes=[Cause(entry.customer_id, "entry:99", START)], now=START)
    assert Enrolment.objects.count() == 2


def test_the_audience_is_looked_at_on_enrolment(send):
    campaign(START, audience={"all": [{"trait": ["plan", "=", "gold"]}]})
    send("Order Completed", user="gold", traits={"plan": "gold"})
    send("Order Completed", user="silver", traits={"plan": "silver"})
    assert Enrolment.objects.get().customer.traits == {"plan": "gold"}


def test_an_exit_rule_ends_the_run_for_what_happened_after_the_cause(send):
    campaign(START, exit={"any": [{"did": {"event": "Order Refunded", "within_days": 30}}]})
    send("Order Refunded", 0)
    send("Order Completed", 1)
    assert Enrolment.objects.get().state == "active"
    send("Order Refunded", 2)
    assert Enrolment.objects.get().exit_reason == "exit rule"


def test_a_goal_is_marked_within_its_days(send):
    campaign(START, goal={"rule": {"did": {"event": "Order Completed"}}, "within_days": 30})
    send("Order Completed", 0)
    assert Enrolment.objects.get().goal_reached_at is None
    Enrolment.objects.update(state="finished", ended_at=START)  # most goals are reached after the last step
    send("Order Completed", 3)
    assert Enrolment.objects.get().goal_reached_at == START + timedelta(days=3)


def test_include_present_enrols_who_is_there_whatever_the_origin(send):
    made = campaign(START, active=False)
    send("Order Completed", origin=Origin.IMPORT)
    assert campaigns.activate(campaign=made, include_present=False, now=START) == 0
    assert campaigns.activate(campaign=made, include_present=True, now=START) == 1
    assert campaigns.activate(campaign=made, include_present=True, now=START) == 0


def test_many_who_are_there_are_enrolled_by_a_job(send, monkeypatch):
    monkeypatch.setattr(present, "CHUNK", 2)
    made = campaign(START, active=False)
    for number in range(5):
        send("Order Completed", user=f"u{number}", origin=Origin.IMPORT)
    assert campaigns.activate(campaign=made, include_present=True, now=START) is None
    job = work(Job.objects.get(kind=present.JOB))
    assert (job.state, job.total, job.done, job.result) == (JobState.DONE, 5, 5, {"enrolled": 5})
    assert Enrolment.objects.filter(campaign=made).count() == 5
    campaigns.activate(campaign=made, include_present=True, now=START)
    assert work(Job.objects.filter(kind=present.JOB).latest("pk")).result == {"enrolled": 0}


def test_nobody_is_enrolled_once_the_campaign_is_archived(send, monkeypatch):
    monkeypatch.setattr(present, "CHUNK", 0)
    made = campaign(START, active=False)
    send("Order Completed", origin=Origin.IMPORT)
    campaigns.activate(campaign=made, include_present=True, now=START)
    campaigns.archive(campaign=made, now=START)
    job = work(Job.objects.get(kind=present.JOB))
    assert (job.state, Enrolment.objects.count()) == (JobState.FAILED, 0)
    assert "was archived meanwhile" in job.error


def test_a_purchase_leads_to_a_thank_you_and_after_its_wait_to_a_review_request(send):
    campaign(START)
    send("Order Completed", traits={"email": "ann@mail.example", "timezone": "Europe/Berlin"})
    running.run_due(now=START)
    assert [message.step.kind for message in Message.objects.all()] == ["message"]
    run = Enrolment.objects.get()
    # 12:00 UTC is 13:00 in Berlin; three days on, the first 10:00 at or after 13:00 is the morning after.
    assert run.due_at == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
    running.run_due(now=run.due_at - timedelta(seconds=1))
    assert Message.objects.count() == 1
    running.run_due(now=run.due_at)
    assert [m.step.kind for m in Message.objects.order_by("pk")] == ["message", "review_request"]
    assert Message.objects.latest("pk").invitation.sites.get().name == "Web shop reviews"
    run.refresh_from_db()
    assert run.state == "finished"


def test_a_merge_gives_nobody_the_campaign_twice(send):
    campaign(START, reentry="once")
    send("Order Completed", user="u1")
    send("Order Completed", user="u2")
    first, second = Customer.objects.order_by("pk")
    merges.absorb(gone_ids=[second.pk], kept_ids=[first.pk])
    drain(START)
    assert Enrolment.objects.filter(customer=first, state="active").count() == 1
    assert Enrolment.objects.get(customer=second).exit_reason == "merged"


def test_a_run_that_fails_holds_up_nobody_and_keeps_its_reason(send):
    made = campaign(START)
    send("Order Completed", user="good")
    send("Order Completed", user="bad")
    bad = Enrolment.objects.get(customer__identities__value="bad")
    made.version.steps.filter(position=1).update(settings={"until": "never"})
    good = Enrolment.objects.exclude(pk=bad.pk)
    good.update(position=2)
    running.run_due(now=START)
    bad.refresh_from_db()
    assert (bad.attempts, bad.state, bad.due_at) == (1, "active", START + timedelta(minutes=1))
    assert "TimingError" in bad.error
    assert good.get().state == "finished"
