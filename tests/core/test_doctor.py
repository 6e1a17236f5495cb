"""`manage.py doctor` says what is wrong: each bad case is made."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from apps.campaigns.models import Enrolment, Message
from apps.core import health, registry, tasks
from apps.core.health import Level
from apps.core.models import Change, Job, LastRun
from tests.campaigns.smtp import mail_server
from tests.core.test_operation import NOWHERE
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, sent_message

pytestmark = pytest.mark.django_db


def levels(findings) -> dict[str, str]:
    return {finding.what: finding.level.value for finding in findings}


def stuck(now) -> dict[str, str]:
    return levels(health.stuck(now=now))


def test_a_well_company(now):
    published_shop(now)
    assert set(stuck(now).values()) == {"ok"}
    assert set(levels(health.queues(now=now)).values()) == {"ok"}


def test_changes_that_fail(now):
    Change.objects.create(customer_id=1, origin="live", attempts=1, created_at=now, due_at=now + timedelta(hours=1))
    assert stuck(now)["Changes that fail"] == "warn"
    Change.objects.bulk_create(Change(customer_id=1, origin="live", attempts=1, created_at=now) for _ in range(19))
    assert stuck(now)["Changes that fail"] == "bad"


def test_a_job_that_does_not_move(now):
    Job.objects.create(kind="import", title="x", created_at=now, due_at=now - timedelta(minutes=9))
    assert stuck(now)["Jobs that do not move"] == "ok"
    assert stuck(now + timedelta(minutes=2))["Jobs that do not move"] == "bad"


def test_enrolments_due_long_ago(now):
    published_shop(now)
    enrolled(campaign(now), CustomerFactory(), now)
    assert stuck(now + timedelta(minutes=14))["Enrolments due long ago"] == "ok"
    assert stuck(now + timedelta(minutes=16))["Enrolments due long ago"] == "bad"
    assert Enrolment.objects.count() == 1


def test_messages_held_past_their_lease(now):
    published_shop(now)
    message = sent_message(now)
    Message.objects.filter(pk=message.pk).update(state="sending", lease_until=now - timedelta(minutes=3))
    assert stuck(now)["Messages held past their lease"] == "bad"


def test_each_app_with_a_queue_has_a_check():
    assert set(registry.health_checks) >= {"changes", "jobs", "looks", "enrolments", "messages"}
    assert all(str(check.fix) for check in registry.health_checks.values())


@pytest.mark.parametrize(("minutes", "level"), [(4, "ok"), (6, "warn"), (31, "bad")])
def test_a_queue_that_is_not_worked_on(now, minutes, level):
    Change.objects.create(customer_id=1, origin="live", created_at=now - timedelta(minutes=minutes))
    assert levels(health.queues(now=now))["Queue pipeline"] == level


def test_a_broker_that_is_away(settings):
    assert health.broker().level is Level.OK
    settings.CELERY_BROKER_URL = NOWHERE
    assert health.broker().level is Level.BAD


def test_no_worker():
    assert health.workers().level is Level.BAD


def test_the_clock_is_heard_of_by_a_worker(now):
    assert health.beat(now=now).level is Level.WARN
    tasks.tick.apply()
    ticked = LastRun.objects.get(name="beat").at
    assert health.beat(now=ticked + timedelta(minutes=1)).level is Level.OK
    assert health.beat(now=ticked + timedelta(minutes=3)).level is Level.WARN
    assert health.beat(now=ticked + timedelta(minutes=11)).level is Level.BAD


def test_a_backup_is_asked_for_only_where_one_was_made(now):
    assert health.backups(now=now) == []
    health.tick("backup", now=now - timedelta(days=3))
    assert levels(health.backups(now=now)) == {"Backup": "warn"}


def test_the_mail_server(settings):
    settings.EMAIL_URL = ""
    assert health.mail().level is Level.WARN
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    assert health.mail().level is Level.BAD
    with mail_server() as (url, keeper):
        settings.EMAIL_URL = url
        assert health.mail().level is Level.OK
        assert keeper.connections == 1


def test_the_database(settings):
    assert health.postgres_version().level is Level.OK
    assert health.clock().level is Level.OK
    assert health.database_size().level is Level.OK
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    assert [finding.level for finding in health.postgres_settings()] == [Level.BAD]


def test_a_disk_that_cannot_be_read(settings, tmp_path):
    assert health.disk().level in Level
    settings.DATA_DIR = tmp_path / "none"
    assert health.disk().level is Level.WARN


def test_settings_of_production(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert levels(health.settings_of_production()) == {"Settings": "ok"}
    settings.PUBLIC_URL = "http://milepost.example"
    settings.HAS_OWN_SECRET_KEY, settings.DEBUG, settings.ALLOWED_HOSTS = False, True, ["*"]
    assert levels(health.settings_of_production()) == {
        "SECRET_KEY": "warn", "DEBUG": "bad", "PUBLIC_URL": "bad", "ALLOWED_HOSTS": "bad",
    }  # fmt: skip
    settings.PUBLIC_URL = "https://milepost.example"
    settings.HAS_OWN_SECRET_KEY, settings.DEBUG, settings.ALLOWED_HOSTS = True, False, ["milepost.example"]
    assert set(levels(health.settings_of_production()).values()) == {"ok"}


def test_the_command_says_what_to_do_and_exits_1(capsys, settings):
    settings.CELERY_BROKER_URL = NOWHERE
    with pytest.raises(SystemExit) as stopped:
        call_command("doctor")
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert "bad   Broker: It cannot be reached (OperationalError).\n      Start the broker, and check" in said
    assert "ok    Database: It answers." in said


def test_the_command_as_json(capsys, settings):
    settings.CELERY_BROKER_URL = NOWHERE
    with pytest.raises(SystemExit):
        call_command("doctor", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["well"] is False
    broker = next(finding for finding in report["findings"] if finding["what"] == "Broker")
    assert (broker["level"], bool(broker["fix"])) == ("bad", True)
