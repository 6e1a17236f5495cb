"""Long work in chunks. Each chunk is one transaction that also moves the job's cursor, so that a worker that dies costs
one chunk and repeats nothing; a job is worked on by whoever has its lock."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core import locks, registry, wake
from apps.core.enums import FileRole, JobState
from apps.core.models import Job, JobFile, JobFilePart

logger = logging.getLogger(__name__)

PART_BYTES = 1024 * 1024
RETRY_AFTER = [timedelta(seconds=s) for s in (2, 10, 60)]


class JobError(Exception):
    """The job cannot go on; the text says why and what to do, for the person who started it."""


def start(
    *, kind: str, title: str, user_id: int | None, params: dict[str, Any] | None = None, total: int | None = None
) -> Job:
    """A job that a worker takes up after the commit."""
    if kind not in registry.job_kinds:
        raise ValueError(f"unknown kind of job: {kind}")
    now = timezone.now()
    job = Job.objects.create(
        kind=kind, title=title[:300], params=params or {}, user_id=user_id, total=total, created_at=now, due_at=now
    )
    wake.on_commit("jobs")
    return job


def ask_to_cancel(*, job: Job, now: datetime) -> bool:
    """Whether it can still be cancelled; it ends between two chunks."""
    asked = Job.objects.unfinished().filter(pk=job.pk).update(cancel_asked_at=now, due_at=now)
    wake.on_commit("jobs")
    return bool(asked)


def run_due(*, clock: Callable[[], datetime], goes_on: Callable[[], bool]) -> int:
    """Works on what is due until nothing is or `goes_on` says no; returns how many chunks were done."""
    chunks = 0
    did_something = True
    while did_something and goes_on():
        did_something = False
        for pk in Job.objects.due(clock()).order_by("due_at", "pk").values_list("pk", flat=True):
            if goes_on() and run_chunk(pk, now=clock()):
                chunks += 1
                did_something = True
    return chunks


def run_chunk(pk: int, *, now: datetime) -> bool:
    """One chunk of one job; False when another worker has it or it is finished."""
    try:
        with transaction.atomic():
            if not _try_lock(pk):
                return False
            job = Job.objects.due(now).filter(pk=pk).first()
            return job is not None and _advance(job, now)
    except JobError as error:
        return _fail(pk, str(error), now=now)
    except Exception as error:
        logger.exception("a chunk of job %s failed", pk)
        return _postpone(pk, error, now=now)


def _advance(job: Job, now: datetime) -> bool:
    kind = registry.job_kinds[job.kind]
    if job.cancel_asked_at is not None:
        if kind.on_cancel is not None:
            kind.on_cancel(job)
        _end(job, JobState.CANCELLED, now=now)
        return True
    job.started_at = job.started_at or now
    job.state = JobState.RUNNING
    job.due_at = now
    job.attempts = 0
    is_done = kind.chunk(job, now)
    # Not cancel_asked_at: somebody may be asking just now.
    job.save(update_fields=["started_at", "state", "due_at", "attempts", "cursor", "done", "total", "result", "params"])
    if is_done:
        _end(job, JobState.DONE, now=timezone.now())
    return True


def _end(job: Job, state: JobState, *, now: datetime, error: str = "") -> None:
    job.state, job.finished_at, job.error = state, now, error[:1000]
    job.save(update_fields=["state", "finished_at", "error"])
    JobFile.objects.filter(job=job, role=FileRole.INPUT).delete()  # the data is in, or was refused
    for handler in registry.job_end_handlers:
        handler(job)


def _fail(pk: int, text: str, *, now: datetime) -> bool:
    with transaction.atomic():
        _end(Job.objects.get(pk=pk), JobState.FAILED, now=now, error=text)
    return True


def _postpone(pk: int, error: Exception, *, now: datetime) -> bool:
    """Tried again some times; then the job fails and what was done stays."""
    job = Job.objects.get(pk=pk)
    if job.attempts >= len(RETRY_AFTER):
        return _fail(pk, f"Stopped after an error on our side ({type(error).__name__}). What was done stays.", now=now)
    due = now + RETRY_AFTER[job.attempts]
    Job.objects.filter(pk=pk).update(attempts=job.attempts + 1, due_at=due)
    return True


def _try_lock(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [locks.JOB + pk])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def write_file(*, job: Job, role: FileRole, name: str, content_type: str, chunks: Iterable[bytes]) -> JobFile:
    """Keeps the file in parts of a megabyte; a file of that role is continued."""
    file, _made = JobFile.objects.get_or_create(
        job=job, role=role, defaults={"name": name[:200], "content_type": content_type}
    )
    number = file.parts.count()
    for part in _parts(chunks):
        JobFilePart.objects.create(file=file, number=number, content=part)
        file.size += len(part)
        number += 1
    file.save(update_fields=["size"])
    return file


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def read_file(file: JobFile) -> Iterator[bytes]:
    """Part by part."""
    for number in range(file.parts.count()):
        yield bytes(file.parts.get(number=number).content)
