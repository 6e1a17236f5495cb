"""Jobs: chunk by chunk, one worker at a time, cancel, failure in plain words, files."""

from datetime import timedelta

import pytest

from apps.core import jobs, registry
from apps.core.enums import FileRole, JobState
from apps.core.models import Job, JobFile

pytestmark = pytest.mark.django_db


def count_to_three(job, _now):
    job.cursor = {"at": job.cursor.get("at", 0) + 1}
    job.done, job.total = job.cursor["at"], 3
    job.result = {"counted": job.done}
    return job.done == 3


@pytest.fixture
def kind(monkeypatch):
    def define(chunk=count_to_three, on_cancel=None):
        monkeypatch.setitem(registry.job_kinds, "count", registry.JobKind("Count", chunk, on_cancel))

    define()
    return define


def later(job):
    return job.created_at + timedelta(seconds=1)


def run(job):
    return jobs.run_due(clock=lambda: later(job), goes_on=lambda: True)


def test_a_job_runs_chunk_by_chunk_and_says_how_far_it_is(kind):
    job = jobs.start(kind="count", title="Counting", user_id=None)
    assert jobs.run_chunk(job.pk, now=later(job))
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.percent) == (JobState.RUNNING, 1, 3, 33)
    assert run(job) == 2
    job.refresh_from_db()
    assert (job.state, job.percent, job.result) == (JobState.DONE, 100, {"counted": 3})
    assert run(job) == 0


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        jobs.start(kind="nonsense", title="?", user_id=None)


def test_cancel_ends_between_two_chunks_and_puts_things_right(kind):
    put_right = []
    kind(on_cancel=lambda job: put_right.append(job.pk))
    job = jobs.start(kind="count", title="Counting", user_id=None)
    jobs.run_chunk(job.pk, now=later(job))
    assert jobs.ask_to_cancel(job=job, now=job.created_at)
    run(job)
    job.refresh_from_db()
    assert (job.state, job.done, put_right) == (JobState.CANCELLED, 1, [job.pk])
    assert not jobs.ask_to_cancel(job=job, now=job.created_at)


def test_what_cannot_go_on_fails_in_plain_words(kind):
    def refuse(_job, _now):
        raise jobs.JobError("The file has no column for the e-mail.")

    kind(refuse)
    job = jobs.start(kind="count", title="Counting", user_id=None)
    run(job)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The file has no column for the e-mail.")


def test_an_error_of_ours_is_tried_again_and_loses_no_chunk(kind):
    calls = []

    def stumble(job, now):
        calls.append(now)
        if len(calls) == 2:
            raise RuntimeError("away")
        return count_to_three(job, now)

    kind(stumble)
    job = jobs.start(kind="count", title="Counting", user_id=None)
    jobs.run_due(clock=lambda: later(job), goes_on=lambda: True)
    job.refresh_from_db()
    assert (job.state, job.done, job.attempts) == (JobState.RUNNING, 1, 1)
    jobs.run_due(clock=lambda: later(job) + timedelta(minutes=5), goes_on=lambda: True)
    job.refresh_from_db()
    assert (job.state, job.done, len(calls)) == (JobState.DONE, 3, 4)


def test_an_error_that_stays_ends_the_job(kind):
    def break_down(_job, _now):
        raise RuntimeError("secret detail")

    kind(break_down)
    job = jobs.start(kind="count", title="Counting", user_id=None)
    for hours in range(1, 6):
        jobs.run_due(clock=lambda at=hours: job.created_at + timedelta(hours=at), goes_on=lambda: True)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "secret" not in job.error


def test_files_are_kept_in_parts_and_the_input_goes_when_the_job_ends(kind):
    job = jobs.start(kind="count", title="Counting", user_id=None)
    content = bytes(range(256)) * 10_000
    file = jobs.write_file(job=job, role=FileRole.INPUT, name="in.csv", content_type="text/csv", chunks=[content])
    assert (file.size, file.parts.count()) == (2_560_000, 3)
    assert b"".join(jobs.read_file(file)) == content
    errors = jobs.write_file(job=job, role=FileRole.ERRORS, name="e.csv", content_type="text/csv", chunks=[b"a\n"])
    jobs.write_file(job=job, role=FileRole.ERRORS, name="e.csv", content_type="text/csv", chunks=[b"b\n"])
    assert b"".join(jobs.read_file(errors)) == b"a\nb\n"
    run(job)
    assert set(JobFile.objects.values_list("role", flat=True)) == {FileRole.ERRORS}


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_has_a_job_at_a_time(kind):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415
    from threading import Barrier  # noqa: PLC0415

    from django.db import connection  # noqa: PLC0415

    inside = Barrier(2, timeout=10)

    def wait(job, now):
        inside.wait()
        inside.wait()
        return count_to_three(job, now)

    kind(wait)
    job = jobs.start(kind="count", title="Counting", user_id=None)

    def work():
        try:
            return jobs.run_chunk(job.pk, now=later(job))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work)
        inside.wait()
        assert jobs.run_chunk(job.pk, now=later(job)) is False
        inside.wait()
        assert first.result() is True
    assert Job.objects.get(pk=job.pk).done == 1
