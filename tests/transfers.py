"""Brings files in and takes tables out as the worker does, chunk by chunk."""

import csv
import io
from datetime import datetime, timedelta

from apps.core import exporting, importing, jobs, registry
from apps.core.enums import FileRole, JobState
from apps.core.models import Job, JobFile
from apps.core.tables import reading
from apps.core.tables.cells import restore
from apps.core.transfers import guesses


def work(job: Job) -> Job:
    """Until nothing of it is due."""
    at = max(job.created_at, job.due_at) + timedelta(seconds=1)
    while Job.objects.due(at).filter(pk=job.pk).exists():
        assert jobs.run_chunk(job.pk, now=at)
    job.refresh_from_db()
    return job


def content_of(job: Job, role: FileRole) -> bytes:
    return b"".join(jobs.read_file(JobFile.objects.get(job=job, role=role)))


def begin(kind: str, content: bytes, now: datetime, *, mapping: dict | None = None, options: dict | None = None) -> Job:
    job = importing.begin(
        kind=kind, file=io.BytesIO(content), name="file.csv", options=options or {}, user_id=None, now=now
    )
    chosen = guesses(job.params["header"], registry.importers[kind]) | (mapping or {})
    importing.check(job=job, mapping=chosen, now=now)
    job.refresh_from_db()
    return work(job)


def counts(job: Job) -> tuple[int, int, int, int]:
    """New, changed, unchanged, refused."""
    assert job.error == ""
    return tuple(job.result[state] for state in ("new", "changed", "unchanged", "refused"))


def bring(kind: str, content: bytes, now: datetime, **more) -> Job:
    """The whole way; the dry run must say what comes."""
    job = begin(kind, content, now, **more)
    expected = counts(job)
    importing.start(job=job, now=now)
    job.refresh_from_db()
    work(job)
    assert (job.state, counts(job)) == (JobState.DONE, expected)
    return job


def refused(job: Job) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(content_of(job, FileRole.ERRORS).decode("utf-8-sig"))))
    return [row["problem"] for row in rows]


def take_away(kind: str, *, form: str = "csv", options: dict | None = None) -> bytes:
    job = work(exporting.begin(kind=kind, form=form, options=options or {}, user_id=None))
    assert (job.state, job.error) == (JobState.DONE, "")
    return content_of(job, FileRole.RESULT)


def rows_of(content: bytes) -> list[dict[str, str]]:
    file = io.BytesIO(content)
    table = reading.read(file, reading.examine(file))
    return [dict(zip(table.header, map(restore, line.cells), strict=True)) for line in table.lines]
