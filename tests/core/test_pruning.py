"""What is kept for a time only: each kind, in batches, one run at a time."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections

from apps.core import locks, pruning, registry, tasks
from apps.core.models import Change, Job, JobFile, LastRun
from apps.staff.enums import NoticeKind
from apps.staff.models import Notice
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import RefusedItem
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(now):
    """Of each kind one whose time is over and one whose is not."""
    user = UserFactory()
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    for days in (91, 89):
        at = now - timedelta(days=days)
        RefusedItem.objects.create(source=source, received_at=at, reason="no event", item="{}")
        Notice.objects.create(user=user, kind=NoticeKind.values[0], key=f"a{days}", text="x", created_at=at, read_at=at)
        Notice.objects.create(user=user, kind=NoticeKind.values[0], key=f"b{days}", text="unread", created_at=at)
        Job.objects.create(kind="import", title="x", state="done", created_at=at, finished_at=at)
    job = Job.objects.create(kind="export", title="y", created_at=now)
    for days, role in ((8, "result"), (6, "errors"), (9, "input")):
        made = JobFile.objects.create(job=job, role=role, name="x.csv", created_at=now - timedelta(days=days))
        made.parts.create(number=0, content=b"x")
    for key, expires in (("gone", now - timedelta(hours=1)), ("here", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1", user_agent="x", data={})
    Change.objects.create(customer_id=1, origin="live", created_at=now - timedelta(days=400), due_at=now)


GOES = {
    "files of jobs": 1, "finished jobs": 1, "refused items": 1, "expired sessions": 1, "devices of expired sessions": 1,
    "read notices": 1,
}  # fmt: skip


def run(now, **options) -> dict[str, int]:
    return pruning.prune(now=now, goes_on=lambda: True, **options)


def test_each_kind_goes_when_its_time_is_over_and_once(now, old):
    assert {name: number for name, number in run(now).items() if number} == GOES
    assert not any(run(now).values())
    assert Notice.objects.filter(text="unread").count() == 2
    assert set(JobFile.objects.values_list("role", flat=True)) == {"errors", "input"}
    assert list(Session.objects.values_list("pk", flat=True)) == ["here"]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == ["here"]
    assert Change.objects.count() == 1  # never, as somebody has to look at it


def test_a_dry_run_counts_and_takes_nothing(now, old, time_machine, capsys):
    time_machine.move_to(now, tick=False)
    call_command("prune", "--dry-run")
    said = capsys.readouterr().out
    assert f"{1:>12,} refused items would go" in said
    assert RefusedItem.objects.count() == 2
    call_command("prune")
    assert RefusedItem.objects.count() == 1


def test_batches_are_small_and_stopping_in_between_loses_nothing(now):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    at = now - timedelta(days=100)
    RefusedItem.objects.bulk_create(
        RefusedItem(source=source, received_at=at, reason="no event", item="{}") for _ in range(25)
    )
    assert list(registry.pruners["refused items"].batches(now - timedelta(days=50), 10)) == []
    batches = registry.pruners["refused items"].batches(now, 10)
    assert next(batches) == 10
    batches.close()
    assert RefusedItem.objects.count() == 15
    assert not any(pruning.prune(now=now, goes_on=lambda: False, limit=10).values())
    assert list(registry.pruners["refused items"].batches(now, 10)) == [10, 5]


def test_one_that_fails_does_not_hold_up_the_others(now, old, monkeypatch):
    def breaks(_now, _limit):
        yield 1
        raise RuntimeError

    broken = registry.Pruner(rows=registry.pruners["refused items"].rows, batches=breaks)
    monkeypatch.setattr(registry, "pruners", {"broken": broken, **registry.pruners})
    gone = run(now)
    assert (gone["broken"], gone["refused items"]) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_one_run_at_a_time(now, old):
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [locks.PRUNE])
        assert not any(run(now).values())
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [locks.PRUNE])
    finally:
        other.close()
    assert run(now)["refused items"] == 1


def test_the_task_runs_twice_and_leaves_its_mark():
    tasks.prune.apply()
    tasks.prune.apply()
    assert LastRun.objects.filter(name="prune").count() == 1
