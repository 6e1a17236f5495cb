"""What the fault tests stand on: services of their own, and real processes of the product that may be killed."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import redis

from apps.campaigns.actions import handing
from apps.core.embedded.postgres import Postgres
from apps.core.embedded.process import Child, Program, last_lines
from apps.core.embedded.valkey import Valkey
from tests.faults.http import HttpServer
from tests.faults.sink import Mail
from tests.faults.smtp import MailServer

PROJECT = Path(__file__).resolve().parents[2]
CAP_SECONDS = 600 if os.environ.get("FAULTS") == "long" else 120
COMPANY = "company"
OUTBOX = {"email": "outbox", "sms": "outbox_sms", "webhook": "outbox_webhook"}  # databases by the way of their messages
SECRET_KEY = "a key that only these tests know"
CELERY = ["-m", "celery", "-A", "config"]


def wait_until(condition: Callable[[], object], *, what: str, seconds: float = CAP_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about: {what}"
        time.sleep(0.05)


class Ground:
    """What all fault tests of a process share: PostgreSQL with databases to copy, Valkey, and beat, which knows
    nothing but the broker."""

    def __init__(self, folder: Path, *, outbox: int) -> None:
        """`outbox`: how many messages wait in each of the databases OUTBOX."""
        self.folder = folder
        self.outbox = outbox
        self._made: set[str] = set()
        self.postgres = Postgres(folder)
        self.valkey = Valkey(folder)

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self.sql(f"CREATE DATABASE {COMPANY}")
        self._beat = self.beat("beat")
        self._fill(COMPANY, "company()")

    def beat(self, name: str) -> Child:
        schedule = ["--schedule", str(self.folder / f"{name}-schedule"), "--pidfile="]
        return Child(self.program(name, [*CELERY, "beat", *schedule], env=self.env))

    def make(self, database: str) -> None:
        """One that tests copy, when the first of them asks for it."""
        if database == COMPANY or database in self._made:
            return
        self._made.add(database)
        self.sql(f"CREATE DATABASE {database} TEMPLATE {COMPANY}")
        way = next(way for way, name in OUTBOX.items() if name == database)
        self._fill(database, f"outbox({way!r}, {self.outbox})")

    def _fill(self, database: str, call: str) -> None:
        env = self.env | {"DATABASE_URL": self.url_of(database)}
        child = Child(self.program(f"fill-{database}", ["-c", seeding(call)], env=env))
        assert child.wait(3 * CAP_SECONDS) == 0, last_lines(child.program.log, 60)

    def stop(self) -> None:
        self._beat.stop()
        self.valkey.stop()
        self.postgres.stop()

    def url_of(self, database: str) -> str:
        return self.postgres._url_of(database)

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {
            "CELERY_BROKER_URL": self.valkey.url,
            "CACHE_URL": self.valkey.cache_url,
            "MILEPOST_DATA_DIR": str(self.folder),
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "INFO",
        }

    def program(self, name: str, argv: Sequence[str], *, env: dict[str, str]) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, *argv],
            env=env,
            cwd=PROJECT,
            log=self.folder / "logs" / f"{name}.log",
            grace_seconds=5,
        )

    def kill_postgres(self) -> int:
        """kill -9 to the postmaster and every process it has; returns how many."""
        child = self._child_of(self.postgres)
        victims = [child.pid, *_children(child.pid)]
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert child.wait(CAP_SECONDS) == -signal.SIGKILL
        return len(victims)

    def start_postgres_again(self) -> None:
        """As the supervisor does: the same program on the same folder."""
        self.postgres._child = Child(self.postgres.program)
        wait_until(self.postgres.is_ready, what="PostgreSQL is back")

    def empty_broker(self) -> None:
        with contextlib.closing(redis.Redis(unix_socket_path=str(self.valkey.socket))) as client:
            client.flushall()

    def restart_broker(self) -> None:
        child = self._child_of(self.valkey)
        child.send(signal.SIGKILL)
        assert child.wait(CAP_SECONDS) == -signal.SIGKILL
        self.valkey._child = Child(self.valkey.program)
        wait_until(self.valkey.is_ready, what="Valkey is back")

    def _child_of(self, service: Postgres | Valkey) -> Child:
        assert service._child is not None
        return service._child


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(number) for path in tasks for number in path.read_text().split()]


def seeding(call: str) -> str:
    """A program that calls a function of tests.faults.seed."""
    return f"import django; django.setup(); from tests.faults import seed; seed.{call}"


_numbers = count(1)
EVENTS = "SELECT count(*) FROM touchpoints_interaction"
CHANGES = "SELECT count(*) FROM core_change"
SENT = "SELECT count(*) FROM campaigns_message WHERE state = 'sent'"
SENDING = "SELECT count(*) FROM campaigns_message WHERE state = 'sending'"
IN_HAND = "SELECT count(*) FROM campaigns_message WHERE state IN ('claimed', 'sending')"


@dataclass(frozen=True)
class Account:
    lost: int
    repeated: int
    marked: int


@dataclass
class Installation:
    """A company's installation: a database, a mail server, a server for SMS and calls, and the processes that a test
    starts and kills."""

    ground: Ground
    mail: MailServer
    http: HttpServer
    lease_seconds: int
    template: str
    children: list[Child] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        self.database = f"test{self.number}"
        self.ground.make(self.template)
        self.ground.sql(f"CREATE DATABASE {self.database} TEMPLATE {self.template}")
        self.ground.sql("CHECKPOINT")  # else a crash takes the copy's sequences back by up to 32 numbers
        self.ground.empty_broker()
        self.env = self.ground.env | {
            "DATABASE_URL": self.ground.url_of(self.database),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "SMS_URL": f"twilio://AC1:token@127.0.0.1:{self.http.port}/?from=%2B4915100000000&insecure=1",
            "OUTGOING_ALLOWED_HOSTS": "127.0.0.1",
            "DELIVERY_LEASE_SECONDS": str(self.lease_seconds),
        }
        self.execute(f"UPDATE campaigns_endpoint SET url = 'http://127.0.0.1:{self.http.port}/calls'")

    def close(self) -> None:
        for child in reversed(self.children):
            child.send(signal.SIGKILL)
            child.wait(CAP_SECONDS)
        self.ground.sql(f"DROP DATABASE {self.database} WITH (FORCE)")

    def program(self, name: str, *argv: str) -> Program:
        return self.ground.program(f"{self.database}-{name}", argv, env=self.env)

    def start(self, program: Program) -> Child:
        child = Child(program)
        self.children.append(child)
        return child

    def worker(self) -> Child:
        return self.start(self.worker_program())

    def worker_program(self) -> Program:
        options = ["-P", "threads", "-c", "4", "-Q", "pipeline,run,deliver", "-n", f"{next(_numbers)}@%h"]
        return self.program("worker", *CELERY, "worker", *options, "--without-mingle", "--without-gossip")

    def web(self) -> str:
        """Its address; `wait_for_web` waits until it answers."""
        self.port = _free_port()
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1", "--blocking-threads", "4"]
        options = ["--interface", "wsgi", *where, "--no-ws", "--respawn-failed-workers", "--log-level", "warning"]
        self.start(self.program("web", "-m", "granian", *options, "config.wsgi:application"))
        return f"127.0.0.1:{self.port}"

    def wait_for_web(self) -> None:
        wait_until(lambda: _answers(self.port), what="the pages answer")

    def arrive(self, *, first: int, batches: int, size: int, pause: float = 0) -> Child:
        """Customers arrive in the background."""
        return self.start(self.program("seed", "-c", seeding(f"arrive({first=}, {batches=}, {size=}, {pause=})")))

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            return connection.execute(query, values).fetchall()

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            connection.execute(statement)

    def number_of(self, query: str, *values: Any) -> int:
        return int(self.rows(query, *values)[0][0])

    def wait_until_sent(self, count: int) -> None:
        """The outbox is at rest: so many messages went, none is on its way and no change waits."""
        wait_until(lambda: self.number_of(SENT) == count, what=f"{count} messages are sent")
        assert self.number_of(IN_HAND) == 0, self.log("worker")

    @property
    def came(self) -> list[Mail]:
        """By whichever way."""
        return self.mail.mails + self.http.mails

    def account(self) -> "Account":
        """What came, compared with what the outbox says. Repeats of a message must be recognisable and marked, and
        nobody gets two messages, as each is to get one."""
        times = Counter(mail.identity for mail in self.came)
        assert len({(mail.recipient, mail.identity) for mail in self.came}) == len(times)
        assert len({mail.recipient for mail in self.came}) == len(times)
        rows = self.rows("SELECT key, state, is_uncertain FROM campaigns_message")
        ours = {handing.identity_of(key): (state, is_uncertain) for key, state, is_uncertain in rows}
        assert set(times) <= set(ours)
        marked = {identity for identity, (_state, is_uncertain) in ours.items() if is_uncertain}
        assert {identity for identity, count in times.items() if count > 1} <= marked
        sent = {identity for identity, (state, _is_uncertain) in ours.items() if state == "sent"}
        return Account(lost=len(sent - set(times)), repeated=len(self.came) - len(times), marked=len(marked))

    def log(self, name: str) -> str:
        return last_lines(self.ground.folder / "logs" / f"{self.database}-{name}.log", 60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
