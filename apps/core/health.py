"""Whether the installation is well: for /readyz, /metrics and `manage.py doctor`."""

import pkgutil
import shutil
import smtplib
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from kombu import Connection

from apps.core import mail_urls, registry
from apps.core.models import LastRun
from apps.core.selectors import queue_gauges

OLDEST_POSTGRES = 15
SHORT_SECONDS = 2
_COUNTED = 1000
_GIB = 1024**3


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    level: Level
    what: str
    says: str
    fix: str = ""


def readiness() -> list[Finding]:
    """Cheap, and without anything that a stranger should not read."""
    found = [database_answers()]
    if found[0].level is Level.OK:
        found.append(migrations())
    return [*found, broker()]


def examine(*, now: datetime) -> Iterator[Finding]:
    """Everything that `manage.py doctor` looks at."""
    yield from settings_of_production()
    answers = database_answers()
    yield answers
    if answers.level is Level.OK:
        yield from (postgres_version(), *postgres_settings(), migrations(), clock(), database_size())
    reachable = broker()
    yield reachable
    if reachable.level is Level.OK:
        yield workers()
    if answers.level is Level.OK and migrations().level is Level.OK:
        yield from (beat(now=now), *queues(now=now), *stuck(now=now), pruning(now=now), *backups(now=now))
    yield mail()
    yield disk()


def database_answers() -> Finding:
    what = _("Database")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        fix = _("Start PostgreSQL, and check DATABASE_URL: address, user and password.")
        return Finding(Level.BAD, what, _("It does not answer (%s).") % type(error).__name__, fix)
    return Finding(Level.OK, what, _("It answers."))


def migrations() -> Finding:
    what = _("Migrations")
    applied = set(MigrationRecorder(connection).applied_migrations())
    missing = len(_on_disk() - applied)
    if missing:
        says = ngettext("%d is not applied.", "%d are not applied.", missing) % missing
        return Finding(Level.BAD, what, says, _("Run `manage.py migrate`."))
    return Finding(Level.OK, what, _("All are applied."))


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    """By file name: importing them all, as Django's loader does, takes longer than a probe may."""
    return frozenset(
        (config.label, module.name)
        for config in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(config.path) / "migrations")])
        if module.name[0] not in "_~" and not module.ispkg
    )


def broker() -> Finding:
    what = _("Broker")
    options = {"socket_timeout": SHORT_SECONDS, "socket_connect_timeout": SHORT_SECONDS}
    is_redis = settings.CELERY_BROKER_URL.startswith(("redis", "valkey", "unix"))
    try:
        with Connection(
            settings.CELERY_BROKER_URL,
            connect_timeout=SHORT_SECONDS,
            transport_options=options if is_redis else {},
        ) as found:
            found.ensure_connection(max_retries=1, timeout=SHORT_SECONDS)
    except Exception as error:  # noqa: BLE001 - each transport has exceptions of its own
        fix = _("Start the broker, and check CELERY_BROKER_URL. Until then the sweeps do not run either.")
        return Finding(Level.BAD, what, _("It cannot be reached (%s).") % type(error).__name__, fix)
    return Finding(Level.OK, what, _("It answers."))


def workers() -> Finding:
    what = _("Workers")
    try:
        answers = current_app.control.inspect(timeout=SHORT_SECONDS).ping() or {}
    except Exception as error:  # noqa: BLE001 - each transport has exceptions of its own
        return Finding(
            Level.BAD, what, _("They cannot be asked (%s).") % type(error).__name__, _("Look at the broker.")
        )
    if not answers:
        fix = _("Start one: `celery -A config worker -P threads -c 4 -Q pipeline,run,deliver,jobs`.")
        return Finding(Level.BAD, what, _("None answers."), fix)
    return Finding(Level.OK, what, ngettext("%d answers.", "%d answer.", len(answers)) % len(answers))


def beat(*, now: datetime) -> Finding:
    """Beat sends a tick that a worker writes down, so a tick that is old may be the worker's fault as well."""
    what = _("Clock (beat)")
    fix = _("Start one `celery -A config beat`. If it runs, look at the workers: they write down what they hear of it.")
    return _last_run("beat", what, now=now, warn=timedelta(minutes=2), bad=timedelta(minutes=10), fix=fix)


def pruning(*, now: datetime) -> Finding:
    fix = _("Look in the workers' log for core.prune, or run `manage.py prune`.")
    return _last_run("prune", _("Pruning"), now=now, warn=timedelta(hours=6), bad=None, fix=fix)


def backups(*, now: datetime) -> list[Finding]:
    """Only where `manage.py backup` was ever used: other ways of backing up leave no mark here."""
    if not LastRun.objects.filter(name="backup").exists():
        return []
    fix = _("Run `manage.py backup FILE`, best every night.")
    return [
        _last_run("backup", _("Backup"), now=now, warn=timedelta(days=2), bad=timedelta(days=14), fix=fix),
    ]


def _last_run(name: str, what: str, *, now: datetime, warn: timedelta, bad: timedelta | None, fix: str) -> Finding:
    last = LastRun.objects.filter(name=name).values_list("at", flat=True).first()
    if last is None:
        return Finding(Level.WARN, what, _("Nothing was heard of it yet."), fix)
    age = now - last
    level = Level.BAD if bad is not None and age > bad else Level.WARN if age > warn else Level.OK
    says = _("Last heard of %s ago.") % _in_words(age.total_seconds())
    return Finding(level, what, says, "" if level is Level.OK else fix)


def queues(*, now: datetime) -> list[Finding]:
    return [_queue(name, gauge) for name, gauge in queue_gauges(now=now).items()]


def _queue(name: str, gauge: registry.Gauge) -> Finding:
    says = ngettext(
        "%(n)d row is due, the oldest for %(age)s.", "%(n)d rows are due, the oldest for %(age)s.", gauge.length
    )
    says %= {"n": gauge.length, "age": _in_words(gauge.oldest_seconds)}
    level = Level.BAD if gauge.oldest_seconds > 1800 else Level.WARN if gauge.oldest_seconds > 300 else Level.OK
    fix = "" if level is Level.OK else _("Look whether the workers run and take this queue; start more of them.")
    return Finding(level, _("Queue %s") % name, says, fix)


def stuck(*, now: datetime) -> list[Finding]:
    found = []
    for check in registry.health_checks.values():
        number = count_stuck(check, now=now)
        level = Level.OK if not number else Level.BAD if number >= check.many else Level.WARN
        says = ngettext("%d stuck row.", "%d stuck rows.", number) % number if number else _("None is stuck.")
        found.append(Finding(level, str(check.label), says, str(check.fix) if number else ""))
    return found


def count_stuck(check: registry.Stuck, *, now: datetime) -> int:
    """Up to a thousand."""
    return check.rows(now).order_by()[:_COUNTED].count()


def postgres_version() -> Finding:
    major = connection.pg_version // 10000  # type: ignore[attr-defined]
    says = _("PostgreSQL %d.") % major
    if major < OLDEST_POSTGRES:
        return Finding(Level.BAD, _("PostgreSQL"), says, _("Move to PostgreSQL %d or newer.") % OLDEST_POSTGRES)
    return Finding(Level.OK, _("PostgreSQL"), says)


_NEEDED_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
}


def postgres_settings() -> list[Finding]:
    """Nothing queued is lost only where a commit is on the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(_NEEDED_SETTINGS)])
        wrong = sorted(f"{name}={value}" for name, value in cursor.fetchall() if not _is_safe(name, value))
    what = _("PostgreSQL settings")
    if not wrong:
        return [Finding(Level.OK, what, _("A commit is on the disk before it is answered."))]
    fix = _("Set them to: %s. Until then a power cut may lose what was answered.")
    wanted = ", ".join(f"{name}={value}" for name, value in _NEEDED_SETTINGS.items())
    return [Finding(Level.BAD, what, ", ".join(wrong) + ".", fix % wanted)]


def _is_safe(name: str, value: str) -> bool:
    return value == _NEEDED_SETTINGS[name] or (
        name == "synchronous_commit" and value in {"remote_write", "remote_apply"}
    )


def clock() -> Finding:
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = float(cursor.fetchone()[0])
    skew = abs(theirs - (before + time.time()) / 2)
    level = Level.BAD if skew > 30 else Level.WARN if skew > 2 else Level.OK
    fix = "" if level is Level.OK else _("Let both machines take their time from the same servers (NTP).")
    return Finding(level, _("Clocks"), _("This machine and the database differ by %.1f s.") % skew, fix)


def database_size() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = int(cursor.fetchone()[0])
    return Finding(Level.OK, _("Database size"), _("%.2f GiB.") % (size / _GIB))


def disk() -> Finding:
    what = _("Disk of the data folder")
    try:
        usage = shutil.disk_usage(settings.DATA_DIR)
    except OSError as error:
        return Finding(Level.WARN, what, _("It cannot be read: %s.") % error.strerror, _("Check MILEPOST_DATA_DIR."))
    share = usage.free / usage.total
    level = Level.OK
    if share < 0.03 or usage.free < _GIB // 4:
        level = Level.BAD
    elif share < 0.1 or usage.free < 2 * _GIB:
        level = Level.WARN
    says = _("%(free).1f GiB free (%(share)d %%).") % {"free": usage.free / _GIB, "share": 100 * share}
    return Finding(level, what, says, "" if level is Level.OK else _("Free space, or give the database a larger disk."))


def mail() -> Finding:
    what = _("Mail server")
    if not settings.EMAIL_URL:
        return Finding(
            Level.WARN, what, _("None is set: messages are kept and nothing leaves this machine."), _("Set EMAIL_URL.")
        )
    if mail_urls.is_provider(settings.EMAIL_URL):
        name = mail_urls.name_of(settings.EMAIL_URL)
        return Finding(Level.OK, what, _("Messages go by the API of %s, which is asked by the next one.") % name)
    try:
        _greet(settings.EMAIL_URL)
    except (OSError, smtplib.SMTPException) as error:
        fix = _("Check EMAIL_URL: address, port, encryption, user and password.")
        return Finding(Level.BAD, what, _("It does not take us (%s).") % type(error).__name__, fix)
    return Finding(Level.OK, what, _("It greets us."))


def _greet(url: str) -> None:
    """As far as a message goes before it names anybody."""
    parts = urlsplit(url)
    host, timeout = parts.hostname or "localhost", 5.0
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        connected: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=timeout, context=context)
    else:
        connected = smtplib.SMTP(host, parts.port or 25, timeout=timeout)
    with connected:
        connected.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp+tls" or "tls" in parts.query:
            connected.starttls()
            connected.ehlo()


def is_production() -> bool:
    return (urlsplit(settings.PUBLIC_URL).hostname or "") not in {"127.0.0.1", "localhost", "::1"}


def settings_of_production() -> list[Finding]:
    if not is_production():
        return [Finding(Level.OK, _("Settings"), _("PUBLIC_URL is this machine, so nothing is asked of them."))]
    bad, warn = Level.BAD, Level.WARN
    checks: list[tuple[bool, Level, str, str, str]] = [
        (settings.HAS_OWN_SECRET_KEY, warn, "SECRET_KEY", _("It is not set, so each host makes one of its own."),
         _("Set SECRET_KEY to the same long random text on every host.")),
        (not settings.DEBUG, bad, "DEBUG", _("It is on: error pages show settings and data."), _("Turn it off.")),
        (settings.PUBLIC_URL.startswith("https://"), bad, "PUBLIC_URL",
         _("It is not https: sign-ins can be read on the way."),
         _("Put a proxy with a certificate in front and write https:// in PUBLIC_URL.")),
        ("*" not in settings.ALLOWED_HOSTS, bad, "ALLOWED_HOSTS", _("It takes every host name."),
         _("Name the host names under which people reach Milepost.")),
    ]  # fmt: skip
    return [
        Finding(Level.OK, name, _("Fine.")) if is_fine else Finding(level, name, says, fix)
        for is_fine, level, name, says, fix in checks
    ]


def _in_words(seconds: float) -> str:
    for size, one, many in (
        (86_400, "%d day", "%d days"),
        (3600, "%d hour", "%d hours"),
        (60, "%d minute", "%d minutes"),
    ):
        if seconds >= 2 * size:
            return ngettext(one, many, int(seconds // size)) % int(seconds // size)
    return ngettext("%d second", "%d seconds", int(seconds)) % int(seconds)


def tick(name: str, *, now: datetime) -> None:
    LastRun.objects.update_or_create(name=name, defaults={"at": now})
