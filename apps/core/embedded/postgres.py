"""The embedded PostgreSQL: reached over a socket in a private folder only, so nobody needs a password."""

import logging
import os
import pwd
import shutil
import signal
import time
from pathlib import Path

import psycopg

from apps.core.embedded.binaries import find_postgres, postgres_major
from apps.core.embedded.leftovers import find_leftovers, run_marker
from apps.core.embedded.process import Child, Program, StartError, User, last_lines
from apps.core.embedded.service import Service

logger = logging.getLogger(__name__)

DATABASE = "milepost"
BUILTIN_LOCALES_SINCE = 17
TUNING = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # each customer that is worked on is locked, up to 1,000 a transaction
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The server's log names nobody: what a client did wrong the client is told, with the values, and logs without them.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Postgres(Service):
    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, data_dir: Path, *, is_durable: bool = True) -> None:
        """Not durable is for tests: a power cut would lose the cluster."""
        super().__init__(data_dir)
        self.is_durable = is_durable

    @property
    def url(self) -> str:
        return self._url_of(DATABASE)

    @property
    def program(self) -> Program:
        return self._as_user(
            "postgres",
            ["-D", str(self.folder), *self._options()],
            log=self.log,
            stop_signal=signal.SIGINT,  # fast: ends sessions, keeps every commit
            grace_seconds=60,
            last_signal=signal.SIGQUIT,
        )

    def prepare(self) -> None:
        self.user = _unprivileged_user(self.folder)
        self.make_sockets()
        self._major = postgres_major(find_postgres())
        self._set_aside_what_is_no_cluster()
        if not self.folder.exists():
            self._make_cluster()
        self._check_cluster()
        self._forget_reused_pid()

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self._url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def complete(self) -> None:
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute("CREATE DATABASE milepost")

    def _url_of(self, database: str) -> str:
        # The port is said so that PGPORT in somebody's shell does not count.
        return f"postgres://milepost@:5432/{database}?host={self.sockets}"

    def _options(self) -> list[str]:
        options = TUNING | {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "cluster_name": run_marker(self.data_dir),
            "fsync": "on" if self.is_durable else "off",
        }
        return [part for key, value in options.items() for part in ("-c", f"{key}={value}")]

    def _as_user(
        self,
        binary: str,
        options: list[str],
        *,
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace_seconds: float = 10,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> Program:
        folder = find_postgres()
        return Program(
            name=self.name,
            argv=[str(folder / binary), *options],
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            log=log,
            user=self.user,
            reach=[folder / binary, *_share(folder), self.data_dir],
            stop_signal=stop_signal,
            grace_seconds=grace_seconds,
            last_signal=last_signal,
            is_service=True,
        )

    def _set_aside_what_is_no_cluster(self) -> None:
        """A cluster is renamed into place when whole: anything less is not ours to use, nor to delete."""
        if not self.folder.exists() or (self.folder / "global" / "pg_control").exists():
            return
        aside = self.folder.with_name(f"{self.name}.broken-{time.time_ns()}")
        logger.warning("%s holds no whole database and is kept as %s; a new one is made", self.folder, aside.name)
        self.folder.rename(aside)

    def _make_cluster(self) -> None:
        half_made = self.folder.with_name(f"{self.name}.new")
        log = self.log.with_name("initdb.log")
        log.unlink(missing_ok=True)
        try:
            shutil.rmtree(half_made, ignore_errors=True)
            half_made.mkdir(mode=0o700, parents=True)
            if self.user:
                os.chown(half_made, self.user.uid, self.user.gid)
            child = Child(self._as_user("initdb", self._initdb_options(half_made), log=log))
            if child.wait(120) != 0:
                child.stop()
                raise StartError(f"PostgreSQL could not make {self.folder}:\n{last_lines(log)}")
            half_made.rename(self.folder)
        except OSError as error:
            raise StartError(f"{self.folder} cannot be made: {error.strerror}.") from error

    def _initdb_options(self, folder: Path) -> list[str]:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self._major < BUILTIN_LOCALES_SINCE:
            locale = ["--locale=C.UTF-8"]
        sync = [] if self.is_durable else ["--no-sync"]
        return ["-D", str(folder), "-U", "milepost", "--auth=trust", "--encoding=UTF8", *locale, *sync]

    def _check_cluster(self) -> None:
        if os.geteuid() not in (0, self.folder.stat().st_uid):
            raise StartError(f"{self.folder} belongs to another user. Start as that user, or use another --data.")
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        if made_by != str(self._major):
            raise StartError(
                f"{self.folder} was made by PostgreSQL {made_by}, but the one found here is {self._major}. "
                "Move its data with pg_dump, or use another --data."
            )

    def _forget_reused_pid(self) -> None:
        """After a restart of the machine another process may own the number in postmaster.pid, and PostgreSQL
        would take it for a running server. A number that nobody owns it sees through itself."""
        lock = self.folder / "postmaster.pid"
        if lock.exists() and Path("/proc/self").exists() and not find_leftovers(self.data_dir):
            number = lock.read_text().partition("\n")[0]
            if Path("/proc", number or "none").exists():
                lock.unlink()


def _unprivileged_user(folder: Path) -> User | None:
    """PostgreSQL refuses to run as root. The owner of an existing cluster stays its owner."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return User(uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(uid=entry.pw_uid, gid=entry.pw_gid)
    raise StartError("PostgreSQL does not run as root, and no other user exists here. Set DATABASE_URL instead.")


def _share(folder: Path) -> list[Path]:
    """A wheel has it beside its binaries; a system's package has it elsewhere, for everybody."""
    beside = folder.parent / "share"
    return [beside] if beside.exists() else []
