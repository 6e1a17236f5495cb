"""The rollup equals the log: after concurrent passes, failures, matching anew and a rebuild."""

from datetime import date, timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from apps.core import actions, jobs, registry
from apps.core.enums import JobState
from apps.core.models import Change, Job
from apps.touchpoints.actions import catalogue, days, ingest, rematching, sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction, Touchpoint, TouchpointDay
from apps.touchpoints.selectors import figures_of, interactions_by_touchpoint
from apps.touchpoints.wire import Call, read_items
from tests.pipeline import drain
from tests.touchpoints.sending import track

pytestmark = pytest.mark.django_db


def send(now, *events: str, users: int = 3, page: str = "", **fields) -> None:
    context = {"page": {"path": page}} if page else {}
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    items = [track(event, user=f"u{n}", context=context, **fields) for event in events for n in range(users)]
    found = list(read_items(Call(items), received_at=now, is_public=False))
    ingest.store(source=source, items=found, received_at=now)


def touchpoint(name: str, *rules: dict) -> Touchpoint:
    return catalogue.save(touchpoint=Touchpoint(name=name, channel="web", rules=list(rules)))


def counts() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in TouchpointDay.objects.select_related("touchpoint"):
        key = (row.touchpoint.name, row.day.isoformat())
        found[key] = found.get(key, 0) + row.interactions
    return {key: count for key, count in found.items() if count}


def run_job(job: Job) -> Job:
    while jobs.run_chunk(job.pk, now=timezone.now()):
        pass
    return Job.objects.get(pk=job.pk)


def test_each_stored_interaction_is_counted_once_on_its_day(now):
    touchpoint("Shop", {"event": "A"})
    for _ in range(2):  # the same message ids: the wire's duplicates
        send(now, "A", "B", messageId="m1")
    send(now, "A", timestamp="2026-02-27T23:59:59+00:00")
    send(now, "A", timestamp="2026-02-28T01:00:00+02:00")
    drain(now)
    assert counts() == {("Shop", "2026-03-02"): 1, ("Shop", "2026-02-27"): 6}
    assert days.differences() == []


def test_a_pass_that_fails_counts_nothing_and_the_next_counts_once(now, monkeypatch):
    touchpoint("Shop", {"event": "A"})
    send(now, "A")
    failing = iter([True, False, False, False])

    def fail(_batch: registry.Batch) -> None:
        if next(failing):
            raise RuntimeError("after the rollup")

    monkeypatch.setitem(registry.pipeline_handlers, 9999, fail)
    drain(now)
    assert counts() == {("Shop", "2026-03-02"): 3}


@pytest.mark.django_db(transaction=True)
def test_the_rollup_equals_the_log_under_concurrent_passes(now):
    touchpoint("Shop", {"event": "A"})
    touchpoint("Page", {"event": "B"})
    for back in range(4):
        send(now, "A", "B", "A", users=40, timestamp=(now - timedelta(days=back)).isoformat())
    start = Barrier(actions.LANES)

    def run(lane: int) -> None:
        start.wait()
        while actions.run_pipeline(now=now, limit=37, lane=lane):
            pass
        connections.close_all()

    threads = [Thread(target=run, args=(lane,)) for lane in range(actions.LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not Change.objects.exists()
    assert days.differences() == []
    assert sum(counts().values()) == 4 * 3 * 40
    assert TouchpointDay.objects.count() == 2 * 4 * actions.LANES


def test_figures_are_of_the_last_30_days(now):
    one = touchpoint("Shop", {"event": "A"})
    for back, users in ((0, 3), (29, 2), (30, 5), (59, 1), (60, 7)):
        send(now, "A", users=users, timestamp=(now - timedelta(days=back)).isoformat())
    drain(now)
    found = figures_of(one, today=now.date())
    assert (found.interactions, found.before, found.by_day[0], found.by_day[-1]) == (5, 6, 2, 3)
    assert (found.change, found.direction) == ("−17%", "down")
    assert interactions_by_touchpoint(today=now.date()) == {one.pk: 5}


def test_rebuilding_gives_the_same_and_mends_what_is_wrong(now):
    one = touchpoint("Shop", {"event": "A"})
    send(now, "A")
    drain(now)
    TouchpointDay.objects.update(interactions=99)
    with pytest.raises(CommandError, match="1 day"):
        call_command("rebuild_touchpoint_days", "--check", stdout=StringIO())
    send(now, "A")  # still in the queue: counted when it is handled
    out = StringIO()
    call_command("rebuild_touchpoint_days", stdout=out)
    assert "1" in out.getvalue()
    assert counts() == {("Shop", "2026-03-02"): 3}
    drain(now)
    assert counts() == {("Shop", "2026-03-02"): 6}
    call_command("rebuild_touchpoint_days", "--check", stdout=StringIO())
    assert TouchpointDay.objects.filter(touchpoint=one, day=date(2026, 3, 2)).count() > 1


def test_matching_anew_moves_the_counts_too(now):
    pages = touchpoint("Pages", {"event": "A"})
    send(now, "A", page="/checkout/pay")
    send(now, "A", page="/")
    send(now, "B", page="/checkout", timestamp=(now - timedelta(days=31)).isoformat())
    drain(now)
    send(now, "A", page="/checkout")  # not counted yet
    checkout = touchpoint("Checkout", {"url": "/checkout*", "event": "A"}, {"url": "/checkout*"})
    job = run_job(catalogue.apply(touchpoint=checkout, user_id=None, now=now))
    assert (job.state, job.result) == (JobState.DONE, {"changed": 6})
    assert job.done == job.total
    assert counts() == {("Pages", "2026-03-02"): 3, ("Checkout", "2026-03-02"): 3}
    drain(now)
    assert counts() == {("Pages", "2026-03-02"): 3, ("Checkout", "2026-03-02"): 6}
    assert days.differences() == []
    assert list(Interaction.objects.filter(event="B").values_list("touchpoint", flat=True)) == [None] * 3
    again = run_job(catalogue.apply(touchpoint=checkout, user_id=None, now=now))
    assert again.result == {"changed": 0}
    checkout.rules = [{"event": "C"}]
    catalogue.save(touchpoint=checkout)
    run_job(catalogue.apply(touchpoint=checkout, user_id=None, now=now))
    assert counts() == {("Pages", "2026-03-02"): 9}
    assert pages.pk


def test_matching_anew_goes_on_after_a_chunk(now, monkeypatch):
    monkeypatch.setattr(rematching, "CHUNK", 4)
    send(now, "A", users=11)
    one = touchpoint("Shop", {"event": "A"})
    job = run_job(catalogue.apply(touchpoint=one, user_id=None, now=now))
    assert (job.state, job.result, job.total) == (JobState.DONE, {"changed": 11}, 11)


def test_matching_anew_an_empty_log(now):
    one = touchpoint("Shop", {"event": "A"})
    job = run_job(catalogue.apply(touchpoint=one, user_id=None, now=now))
    assert (job.state, job.result) == (JobState.DONE, {"changed": 0})


def test_deleting_gives_its_interactions_to_the_next_that_fits(now):
    pages = touchpoint("Pages", {"event": "A"})
    checkout = touchpoint("Checkout", {"event": "A", "url": "/checkout*"}, {"event": "B"})
    send(now, "A", "B", page="/checkout")
    drain(now)
    job = catalogue.delete(touchpoint=checkout, user_id=None)
    assert job is not None
    assert not Interaction.objects.filter(touchpoint__name="Checkout").exists()
    assert run_job(job).result == {"changed": 6}
    assert dict(Interaction.objects.values_list("event", "touchpoint")) == {"A": pages.pk, "B": None}
    assert counts() == {("Pages", "2026-03-02"): 3}
    assert days.differences() == []


def test_a_touchpoint_that_nothing_happened_at_is_deleted_without_a_job(now):
    assert catalogue.delete(touchpoint=touchpoint("Fair"), user_id=None) is None
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_matching_anew_waits_for_a_pass_that_has_claimed_the_changes(now):
    """The pass reads the old touchpoint and commits in the end; only then is it known whether it counted."""
    one = touchpoint("Old", {"event": "A"})
    send(now, "A")
    new = touchpoint("New", {"event": "A", "channel": "web"})
    job = catalogue.apply(touchpoint=new, user_id=None, now=now)
    rematch = Thread(target=lambda: (run_job(job), connections.close_all()))
    with transaction.atomic():
        actions.run_pipeline(now=now)
        rematch.start()
        rematch.join(timeout=0.5)
    rematch.join()
    assert counts() == {("New", "2026-03-02"): 3}
    assert days.differences() == []
    assert one.pk
