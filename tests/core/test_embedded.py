import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from apps.core.embedded import binaries
from apps.core.embedded.leftovers import find_leftovers, run_marker
from apps.core.embedded.postgres import Postgres
from apps.core.embedded.process import Child, Program, StartError, User
from apps.core.embedded.supervisor import StopRequested, Supervisor, lock_folder
from apps.core.embedded.valkey import Valkey

CAP_SECONDS = 60
PROJECT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + CAP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def python(code: str, *, folder: Path, name: str = "program", **more: object) -> Program:
    argv = [sys.executable, "-c", code]
    env = {**os.environ, "FOLDER": str(folder), "NAME": name}
    return Program(name=name, argv=argv, env=env, log=folder / "logs" / f"{name}.log", **more)  # type: ignore[arg-type]


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


NOTE_PID = "import os, time; open(os.environ['FOLDER'] + '/pids', 'a').write(f'{os.getpid()}\\n')\n"
NOTE_END = """
import os, signal, sys, time
folder, name = os.environ["FOLDER"], os.environ["NAME"]
def end(*_):
    open(f"{folder}/ends", "a").write(f"{name} ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(f"{folder}/{name}", "w").close()
time.sleep(600)
"""
WITH_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen(["/bin/sleep", "600"])
open(os.environ["FOLDER"] + "/children", "a").write(f"{child.pid}\\n")
time.sleep(600)
"""
DEAF = """
import signal, time
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, say=said.append) as supervisor:
        yield supervisor


# --- The folder


@pytest.mark.parametrize("folder", ["/proc/milepost", "/dev/null/milepost"])
def test_folder_that_cannot_be_written(folder: str) -> None:
    with pytest.raises(StartError, match=f"The data folder {folder} cannot be written to: "):
        lock_folder(Path(folder))


def test_second_on_the_same_folder(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path),
        pytest.raises(StartError, match=rf"already runs on .*\(process {os.getpid()}\)"),
    ):
        lock_folder(tmp_path)
    lock_folder(tmp_path).close()


# --- Programs


def test_binary_that_does_not_exist(tmp_path: Path) -> None:
    program = Program(name="none", argv=["/nowhere/at-all"], env={}, log=tmp_path / "none.log")
    child = Child(program)
    assert child.wait(CAP_SECONDS) == 126
    assert read(tmp_path / "none.log") == "/nowhere/at-all cannot be started: No such file or directory\n"


def test_killed_program_is_started_again(supervisor: Supervisor, tmp_path: Path, said: list[str]) -> None:
    supervisor.start(python(NOTE_PID + "print('last words', flush=True); time.sleep(600)", folder=tmp_path))
    log = tmp_path / "logs" / "program.log"
    assert supervisor.wait_until(lambda: "last words" in read(log), seconds=CAP_SECONDS)
    os.kill(int(read(tmp_path / "pids")), signal.SIGKILL)
    assert supervisor.wait_until(lambda: read(tmp_path / "pids").count("\n") == 2, seconds=CAP_SECONDS)
    assert said == [f"program was ended by SIGKILL and is started again. The end of {log}:\nlast words"]


def test_program_that_always_dies_is_never_given_up(supervisor: Supervisor, tmp_path: Path, said: list[str]) -> None:
    watched = supervisor.start(python(NOTE_PID + "raise SystemExit(3)", folder=tmp_path))
    assert supervisor.wait_until(lambda: len(said) == 4, seconds=CAP_SECONDS)
    assert said == ["program ended with exit code 3 and is started again."] * 4
    assert watched.failures == 4


def test_only_the_last_lines_are_shown(supervisor: Supervisor, tmp_path: Path, said: list[str]) -> None:
    supervisor.start(python("[print(n) for n in range(5000)]", folder=tmp_path))
    assert supervisor.wait_until(lambda: said, seconds=CAP_SECONDS)  # type: ignore[arg-type, return-value]
    assert said[0].splitlines()[1:] == [str(n) for n in range(4980, 5000)]


def test_children_of_a_killed_program_go_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(python(NOTE_PID + WITH_CHILD, folder=tmp_path))
    supervisor.wait_until(lambda: "\n" in read(tmp_path / "children"), seconds=CAP_SECONDS)
    os.kill(int(read(tmp_path / "pids")), signal.SIGKILL)
    supervisor.wait_until(lambda: read(tmp_path / "children").count("\n") == 2, seconds=CAP_SECONDS)
    first, second = (int(line) for line in read(tmp_path / "children").split())
    wait_for(lambda: not is_alive(first))
    assert is_alive(second)


def test_log_of_an_earlier_run_is_kept_aside(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "logs" / "program.log").write_text("earlier")
    assert supervisor.run(python("print('now')", folder=tmp_path)) == 0
    assert read(tmp_path / "logs" / "program.log") == "now\n"
    assert read(tmp_path / "logs" / "program.log.1") == "earlier"


def test_run_returns_the_exit_code(supervisor: Supervisor, tmp_path: Path) -> None:
    assert supervisor.run(python("raise SystemExit(7)", folder=tmp_path)) == 7


# --- Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_stops_everything_in_reverse_order(tmp_path: Path, number: signal.Signals) -> None:
    outer = signal.signal(number, signal.default_int_handler)  # under nohup a hangup is ignored
    try:
        _is_stopped_by(number, tmp_path)
    finally:
        signal.signal(number, outer)


def _is_stopped_by(number: signal.Signals, tmp_path: Path) -> None:
    before = signal.getsignal(number)
    with Supervisor(tmp_path) as supervisor:
        for name, is_service in (("first", True), ("second", True), ("third", False)):
            supervisor.start(python(NOTE_END, folder=tmp_path, name=name, is_service=is_service))
            supervisor.wait_until((tmp_path / name).exists)
        os.kill(os.getpid(), number)
        with pytest.raises(StopRequested):
            supervisor.watch()
    assert read(tmp_path / "ends") == "third second first "
    assert signal.getsignal(number) is before


def test_hangup_that_is_ignored_stays_so(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Supervisor(tmp_path) as supervisor:
            os.kill(os.getpid(), signal.SIGHUP)
            assert supervisor.run(python("pass", folder=tmp_path)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("grace_seconds", "requests"), [(0.2, 0), (3600, 2)])
def test_program_that_does_not_listen_is_killed_in_time_or_in_a_hurry(
    tmp_path: Path, grace_seconds: float, requests: int
) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(python(NOTE_PID + DEAF, folder=tmp_path, grace_seconds=grace_seconds))
        supervisor.wait_until(lambda: "deaf" in read(tmp_path / "logs" / "program.log"))
        for _ in range(requests):
            os.kill(os.getpid(), signal.SIGINT)
    assert not is_alive(int(read(tmp_path / "pids")))


SUPERVISE = """
import os, sys
from pathlib import Path
from apps.core.embedded.leftovers import run_marker
from apps.core.embedded.postgres import Postgres
from apps.core.embedded.process import Program
from apps.core.embedded.supervisor import Supervisor
from apps.core.embedded.valkey import Valkey
folder = Path(sys.argv[1])
with Supervisor(folder) as supervisor:
    supervisor.end_leftovers()
    supervisor.start_service(Postgres(folder, is_durable=False))
    supervisor.start_service(Valkey(folder))
    env = os.environ | {"MILEPOST_RUN": run_marker(folder)}
    supervisor.start(Program(name="sleeper", argv=["/bin/sleep", "600"], env=env))
    print("ready", flush=True)
    supervisor.watch()
"""


def supervise(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISE, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with process:
        process.send_signal(number)
        process.wait(CAP_SECONDS)


def test_killed_supervisor_takes_everything_with_it_and_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        process = supervise(tmp_path)
        assert len(find_leftovers(tmp_path)) > 3
        end(process, signal.SIGKILL)
    end(supervise(tmp_path), signal.SIGTERM)
    assert find_leftovers(tmp_path) == []
    assert list(Path("/tmp").glob(f"milepost-{run_marker(tmp_path).rpartition('-')[2]}-*")) == []  # noqa: S108


def test_leftover_that_does_not_listen_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    env = os.environ | {"MILEPOST_RUN": run_marker(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", DEAF], env=env, stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout
        deaf.stdout.readline()
        steps = [(0.2, number) for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)]
        supervisor.end_leftovers(steps=[*steps, (CAP_SECONDS, None)])
        assert deaf.wait(CAP_SECONDS) == -signal.SIGKILL


# --- PostgreSQL


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    postgres = Postgres(tmp_path, is_durable=False)
    yield postgres
    postgres.stop()


def show(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def test_postgres_listens_in_a_private_folder_only(postgres: Postgres) -> None:
    url = postgres.start()
    assert show(url, "listen_addresses") == ""
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
    assert len(os.fsencode(postgres.sockets / ".s.PGSQL.5432")) <= 107
    postgres.stop()
    assert not postgres.sockets.exists()


def test_postgres_is_set_up_as_agreed(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path)
    try:
        url = postgres.start()
        with psycopg.connect(url) as connection:
            columns = "datlocprovider, datlocale, pg_encoding_to_char(encoding)"
            query = f"SELECT {columns} FROM pg_database WHERE datname = 'milepost'"
            assert connection.execute(query).fetchone() == ("b", "C.UTF-8", "UTF8")
        found = {name: show(url, name) for name in ("fsync", "synchronous_commit", "jit", "shared_buffers", "TimeZone")}
        assert found == {
            "fsync": "on",
            "synchronous_commit": "on",
            "jit": "off",
            "shared_buffers": "256MB",
            "TimeZone": "UTC",
        }
    finally:
        postgres.stop()


def test_postgres_keeps_its_data(postgres: Postgres) -> None:
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop()
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.parametrize("name", ["postgres", "postgres.new"])
def test_half_made_folder(postgres: Postgres, tmp_path: Path, name: str) -> None:
    (tmp_path / name / "base").mkdir(parents=True)
    (tmp_path / name / "PG_VERSION").write_text("18\n")
    (tmp_path / name / "postmaster.pid").write_text("1\n")
    postgres.start()
    aside = list(tmp_path.glob("postgres.broken-*"))
    assert len(aside) == (1 if name == "postgres" else 0)  # kept, as we did not make it
    assert not (tmp_path / "postgres.new").exists()


def test_lock_file_that_names_another_process(postgres: Postgres, tmp_path: Path) -> None:
    postgres.start()
    postgres.stop()
    with subprocess.Popen(["/bin/sleep", "600"]) as other:
        lines = [str(other.pid), str(tmp_path / "postgres"), "1", "5432", "/tmp", "", "  1 1", "ready"]  # noqa: S108
        (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        postgres.start()
        other.kill()


def test_cluster_of_another_version(postgres: Postgres, tmp_path: Path) -> None:
    postgres.start()
    postgres.stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError, match=r"was made by PostgreSQL 9, but the one found here is \d+"):
        postgres.start()


@pytest.mark.parametrize("service", [Postgres, Valkey])
def test_killed_service_is_back_at_the_same_address(
    supervisor: Supervisor, tmp_path: Path, service: type[Postgres] | type[Valkey]
) -> None:
    started = service(tmp_path)
    supervisor.start_service(started)
    for _ in range(2):
        child = supervisor._watched[0].child
        os.kill(child.pid, signal.SIGKILL)
        assert supervisor.wait_until(
            lambda killed=child: supervisor._watched[0].child is not killed and started.is_ready(),  # type: ignore[misc]
            seconds=CAP_SECONDS,
        )


def test_postgres_that_cannot_start_says_so(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "postgres").write_text("#!/bin/sh\necho libmissing.so: cannot open shared object file >&2\nexit 127\n")
    (broken / "postgres").chmod(0o755)
    monkeypatch.setenv(binaries.POSTGRES_SETTING, str(broken))
    with pytest.raises(StartError, match=r"PostgreSQL cannot be started on this machine: .*libmissing.so"):
        supervisor.start_service(Postgres(tmp_path))


@pytest.mark.parametrize(
    ("setting", "find"),
    [(binaries.POSTGRES_SETTING, binaries.find_postgres), (binaries.VALKEY_SETTING, binaries.find_valkey)],
)
def test_setting_that_names_nothing(monkeypatch: pytest.MonkeyPatch, setting: str, find: Callable[[], Path]) -> None:
    monkeypatch.setenv(setting, "/nowhere")
    with pytest.raises(StartError, match=f"{setting} names /nowhere"):
        find()


# --- Root


WHAT_I_MAY = """
import json, os, pathlib, sys
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
status = dict(line.split(":\\t", 1) for line in lines if ":\\t" in line)
rights = {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
print(json.dumps([os.getuid(), os.getgroups(), sorted(rights), os.access(sys.argv[1], os.X_OK)]))
"""


@as_root
@pytest.mark.parametrize(("mode", "right"), [(0o711, 0), (0o700, 1 << 2)])
def test_root_keeps_one_right_and_only_where_a_folder_is_closed(tmp_path: Path, mode: int, right: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="milepost-reach-"))  # pytest's own folders are closed to others
    binary = folder / "python"
    shutil.copy("/bin/sleep", binary)
    folder.chmod(mode)
    pythons = [Path(os.path.realpath(sys.executable)), Path("/usr/bin/python3")]
    python = next((path for path in pythons if right or is_open_to_all(path)), None)
    if python is None:
        pytest.skip("every Python here is in a closed folder")
    try:
        argv = [str(python), "-I", "-S", "-c", WHAT_I_MAY, str(binary)]
        user = User(uid=65_534, gid=65_534)
        log = tmp_path / "may.log"
        child = Child(Program(name="may", argv=argv, env={}, user=user, reach=[binary, python], log=log))
        assert child.wait(CAP_SECONDS) == 0, read(log)
        assert json.loads(read(log)) == [65_534, [], [right], True]
    finally:
        shutil.rmtree(folder)


def is_open_to_all(path: Path) -> bool:
    return path.exists() and all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


@as_root
def test_postgres_does_not_run_as_root(postgres: Postgres) -> None:
    postgres.start()
    assert postgres._child
    assert Path(f"/proc/{postgres._child.pid}").stat().st_uid != 0


# --- Valkey


def test_valkey_keeps_wake_ups_when_the_cache_is_cleared(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    valkey.start()
    try:
        with (
            redis.Redis(unix_socket_path=str(valkey.socket), db=0) as broker,
            redis.Redis.from_url(valkey.cache_url) as cache,
        ):
            broker.lpush("pipeline", "wake")
            cache.set("page", "old")
            cache.flushdb()
            assert broker.lrange("pipeline", 0, -1) == [b"wake"]
            assert broker.config_get("port") == {"port": "0"}
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        valkey.stop()
        valkey.start()
        with redis.Redis(unix_socket_path=str(valkey.socket)) as broker:
            assert broker.lrange("pipeline", 0, -1) == [b"wake"]
    finally:
        valkey.stop()


def test_valkey_listens_in_a_private_folder_only(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    valkey.start()
    try:
        assert stat.S_IMODE(valkey.sockets.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(valkey.socket))
    finally:
        valkey.stop()
