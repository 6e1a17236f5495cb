"""Publishing while customers are inside: a job folds everybody, cancel goes back, guards refuse, versions compare."""

import copy
from datetime import timedelta
from itertools import chain, repeat

import pytest

from apps.campaigns.actions import campaigns as campaign_actions
from apps.campaigns.models import Enrolment
from apps.core import jobs
from apps.core.enums import JobState
from apps.core.models import Job
from apps.customers.actions import segments
from apps.customers.models import Segment
from apps.journeys import wire
from apps.journeys.actions import drafts, publishing, rebuilding
from apps.journeys.models import Journey, Progress, StageEntry
from apps.journeys.selectors import versions
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory, campaign, published_shop
from tests.journeys.maps import SHOP
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


def edited(**changes) -> dict:
    return copy.deepcopy(SHOP) | changes


def publish(data: dict, now):
    journey = drafts.import_text(text=wire.read(data))
    return publishing.publish(journey=journey, now=now, by=None)


def stored() -> list[tuple]:
    entries = StageEntry.objects.standing().values_list("customer", "stage_key", "lap", "entered_at", "left_at")
    progress = Progress.objects.values_list("customer", "stage_key", "step_key", "lap", "entered_at", "version")
    return [*sorted(entries, key=str), *sorted(progress, key=str)]


def buyers(number: int, now) -> None:
    for count, customer in enumerate(CustomerFactory.create_batch(number)):
        for event, hours in (("Product Viewed", 0), ("Order Completed", 1), ("Order Completed", 2)):
            at = now + timedelta(hours=hours)
            log.record(customer_id=customer.pk, event=event, by=By.CUSTOMER, channel=Channel.WEB, at=at,
                       received_at=at, message_id=f"{event}{count}{hours}", properties={"price": 20})  # fmt: skip


def finish(job: Job, now) -> Job:
    for second in range(1, 50):
        clock = job.due_at + timedelta(days=30000, seconds=second)
        jobs.run_due(clock=lambda at=clock: at, goes_on=chain([True] * 3, repeat(False)).__next__)
        drain(now)
        job.refresh_from_db()
        if job.is_finished and not Job.objects.unfinished().exists():
            return job
    raise AssertionError(job.state)


@pytest.fixture
def few_at_a_time(monkeypatch):
    monkeypatch.setattr(publishing, "_CHUNK", 3)
    monkeypatch.setattr(publishing, "_MOST_WAITING", 4)


NO_LOYALTY = edited(stages=[stage for stage in SHOP["stages"] if stage["name"] != "Loyalty"], cards=[])


def test_everybody_is_folded_with_progress_and_nobody_is_enrolled(now, few_at_a_time):
    published_shop(now)
    campaign(now)
    buyers(10, now)
    drain(now + timedelta(hours=3))
    before, runs = stored(), Enrolment.objects.count()
    version = publish(NO_LOYALTY, now + timedelta(days=1))
    job = version.job
    assert (job.state, job.total, job.cursor["handed"]) == (JobState.QUEUED, 10, 3)
    job = finish(job, now + timedelta(days=1))
    assert (job.state, job.done, job.total, job.result) == (JobState.DONE, 10, 10, {"customers": 10})
    assert stored() != before
    assert set(Progress.objects.values_list("version", flat=True)) == {version.pk}
    assert rebuilding.compare(now=now + timedelta(days=1)) == (10, [])
    assert Enrolment.objects.count() == runs


def test_cancel_gives_the_old_state_back(now, few_at_a_time):
    published_shop(now)
    buyers(10, now)
    drain(now + timedelta(hours=3))
    before, old = stored(), Journey.objects.get().current_version
    job = publish(NO_LOYALTY, now + timedelta(days=1)).job
    drain(now + timedelta(days=1))
    assert stored() != before  # the first were folded with the new version
    jobs.ask_to_cancel(job=job, now=now + timedelta(days=1))
    assert finish(job, now + timedelta(days=1)).state == JobState.CANCELLED
    assert Journey.objects.get().current_version == old
    assert stored() == before
    assert rebuilding.compare(now=now + timedelta(days=1)) == (10, [])


def test_cancelling_the_first_publication_leaves_nobody_on_the_journey(now, few_at_a_time):
    buyers(5, now)
    drain(now + timedelta(hours=3))
    job = publish(SHOP, now + timedelta(days=1)).job
    drain(now + timedelta(days=1))
    assert Progress.objects.exists()
    jobs.ask_to_cancel(job=job, now=now)
    finish(job, now + timedelta(days=1))
    assert Journey.objects.get().current_version is None
    assert not Progress.objects.exists()
    assert not StageEntry.objects.standing().exists()


def test_a_newer_publication_ends_the_job_of_the_older_one(now, few_at_a_time):
    buyers(5, now)
    drain(now + timedelta(hours=3))
    older = publish(SHOP, now).job
    newer = publish(NO_LOYALTY, now)
    finish(newer.job, now + timedelta(days=1))
    older.refresh_from_db()
    assert older.state == JobState.CANCELLED
    assert Journey.objects.get().current_version == newer


def test_a_stage_that_a_campaign_starts_at_stays(now):
    published_shop(now)
    made = campaign(now)
    without = edited(stages=[stage for stage in SHOP["stages"] if stage["name"] != "Purchase"], cards=[])
    with pytest.raises(publishing.Refused, match="“Thank you” starts at a stage"):
        publish(without, now)
    assert Journey.objects.get().current_version.number == 1
    campaign_actions.archive(campaign=made, now=now)
    assert publish(without, now).number == 2


def test_a_stage_that_a_rule_asks_for_stays(now):
    published_shop(now)
    rule = {"not": {"in_stage": {"journey": "Web shop", "stage": "Loyalty"}}}
    segments.save(segment=Segment(name="Not loyal", rule=rule), by=None, now=now)
    with pytest.raises(publishing.Refused, match='the segment "Not loyal" asks for the stage “Loyalty”'):
        publish(NO_LOYALTY, now)


def test_versions_compare_by_key(now):
    journey = published_shop(now)
    old = journey.current_version.snapshot
    assert versions.compare(old, old) == []
    changed = copy.deepcopy(SHOP) | {"goal": "More orders"}
    changed["stages"][0] |= {"name": "Discovery stage", "was": changed["stages"][0]["name"]}
    first = changed["stages"][0]["steps"][0]
    changed["stages"][0]["steps"].append({"name": "Reads a review", "match": [{"event": "Review Read"}]})
    new = publish(changed, now).snapshot
    found = {(d.kind, d.what, d.field, d.after) for d in versions.compare(old, new)}
    assert ("changed", "Journey", "goal", "More orders") in found
    assert ("changed", "Stage", "name", "Discovery stage") in found
    assert ("added", "Step", "", "") in found
    assert not [d for d in versions.compare(old, new) if d.what == "Step" and d.field == "name"], first
    back = {(d.kind, d.what, d.name) for d in versions.compare(new, old)}
    assert ("removed", "Step", "Reads a review") in back
