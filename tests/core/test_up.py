"""`manage.py up` as people and scripts meet it: real processes, the whole product."""

import http.client
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from apps.core.embedded.leftovers import find_leftovers, run_marker

CAP_SECONDS = 240
PROJECT = Path(__file__).resolve().parents[2]
GIVEN_BY_THE_TEST_RUN = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "MILEPOST_DATA_DIR",
    "PUBLIC_URL",
    "LIVE_URL",
)
IS_LONG = os.environ.get("FAULTS") == "long"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + CAP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def manage(data: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    env = clean_environment() | {"MILEPOST_DATA_DIR": str(data)} | given
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=CAP_SECONDS, check=False
    )


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in GIVEN_BY_THE_TEST_RUN}


class Up:
    """A running `manage.py up` on a folder."""

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.output = data.with_name(f"{data.name}.out")
        self.errors = data.with_name(f"{data.name}.err")
        arguments = ["up", "--no-demo", "--workers", "1", "--port", str(self.port), "--data", str(data)]
        with self.output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=PROJECT,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.output.read_text() or self.process.poll() is not None, "no line on stdout")
        assert self.output.read_text() == f"ready {self.address}\n", self.errors.read_text()

    def is_answering(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/accounts/login/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def children(self) -> dict[int, str]:
        """Command lines of the direct children."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        lines = {}
        for pid in path.read_text().split():
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if line and "launch.py" not in line:
                lines[int(pid)] = line
        return lines

    def pid_of(self, words: str) -> int | None:
        return next((pid for pid, line in self.children().items() if words in line), None)

    def has_another(self, words: str, *, than: int) -> bool:
        return self.pid_of(words) not in {None, than}

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(CAP_SECONDS)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def started() -> Iterator[list[Up]]:
    """Whatever a test puts here is ended after it."""
    started: list[Up] = []
    yield started
    for up in started:
        up.end()


def start(started: list[Up], data: Path, **more: int) -> Up:
    up = Up(data, **more)
    started.append(up)
    return up


# --- What cannot work is said in one sentence


def test_port_in_use(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = manage(data, "up", "--port", port, "--data", str(data))
    sentence = f"Port {port} is in use. Stop what uses it, or choose one with --port.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)
    assert not (data / "postgres").exists()
    assert find_leftovers(data) == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_port_that_is_none(data: Path, port: str) -> None:
    done = manage(data, "up", f"--port={port}", "--data", str(data))
    assert done.returncode == 2
    assert f"{port} is no port: give a number from 1 to 65535" in done.stderr
    assert not (data / "up.lock").exists()


def test_folder_that_cannot_be_written(data: Path) -> None:
    data.write_text("a file")
    below = data / "below"
    done = manage(below, "up", "--data", str(below))
    sentence = f"The data folder {below} cannot be written to: Not a directory.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.faults
def test_database_that_is_not_there(data: Path, tmp_path: Path) -> None:
    url = f"postgres://milepost@:5432/milepost?host={tmp_path}"
    port = str(free_port())
    done = manage(data, "up", "--no-demo", "--port", port, "--data", str(data), DATABASE_URL=url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "`manage.py migrate --noinput` failed." in done.stderr
    assert "No such file or directory" in done.stderr
    assert not (data / "postgres").exists()
    assert find_leftovers(data) == []


# --- What works


@pytest.mark.faults
def test_up_and_down(data: Path, started: list[Up]) -> None:
    up = start(started, data)
    up.wait_until_ready()
    assert up.is_answering()

    services = data / "services.json"
    assert stat.S_IMODE(services.stat().st_mode) == 0o600
    found = json.loads(services.read_text())
    assert sorted(found) == ["CACHE_URL", "CELERY_BROKER_URL", "DATABASE_URL", "LIVE_URL", "PUBLIC_URL"]
    assert found["PUBLIC_URL"] == up.address
    done = manage(data, "migrate", "--check")
    assert done.returncode == 0, done.stderr

    second = manage(data, "up", "--port", str(free_port()), "--data", str(data))
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"Milepost already runs on {data} (process {up.process.pid}). Stop it, or use another --data.\n"
    )
    assert up.is_answering()
    assert services.exists()

    assert up.end() == 0
    assert up.output.read_text() == f"ready {up.address}\n"
    assert find_leftovers(data) == []
    assert not services.exists()
    short = run_marker(data).rpartition("-")[2]
    assert list(Path("/tmp").glob(f"milepost-{short}-*")) == []  # noqa: S108


@pytest.mark.faults
def test_ctrl_c_ends_it_too(data: Path, started: list[Up]) -> None:
    up = start(started, data)
    up.wait_until_ready()
    assert up.end(signal.SIGINT) == 0
    assert find_leftovers(data) == []


@pytest.mark.faults
def test_stop_while_it_starts(data: Path, started: list[Up]) -> None:
    up = start(started, data)
    wait_for(lambda: find_leftovers(data), "nothing was started")
    assert up.end() == 0
    assert find_leftovers(data) == []


# --- Faults


@pytest.mark.faults
def test_killed_child_is_started_again(data: Path, started: list[Up]) -> None:
    up = start(started, data)
    up.wait_until_ready()
    programs = {
        "web": "config.wsgi",
        "live": "config.asgi",
        "worker1": "celery -A config worker",
        "beat": "celery -A config beat",
        "postgres": "bin/postgres -D",
        "valkey": "valkey-server",
    }
    for name, words in programs.items():
        killed = up.pid_of(words)
        assert killed, f"{name} does not run"
        os.kill(killed, signal.SIGKILL)
        wait_for(partial(up.has_another, words, than=killed), f"{name} is not back")
        wait_for(up.is_answering, f"no page after the death of {name}")
        assert f"{name} was ended by SIGKILL and is started again." in up.errors.read_text()
    assert manage(data, "migrate", "--check").returncode == 0
    assert up.end() == 0
    assert find_leftovers(data) == []


@pytest.mark.faults
def test_killed_and_started_again(data: Path, started: list[Up]) -> None:
    up = start(started, data)
    up.wait_until_ready()
    for _ in range(5 if IS_LONG else 1):
        up.end(signal.SIGKILL)
        up = start(started, data, port=up.port)
        up.wait_until_ready()
        wait_for(up.is_answering, "no page after the restart")
        programs = list(up.children().values())
        assert len([line for line in programs if "bin/postgres -D" in line]) == 1
    assert up.end() == 0


@pytest.mark.faults
def test_killed_at_any_moment_of_the_first_start(data: Path, started: list[Up]) -> None:
    moments = random.Random(7)
    for _ in range(20 if IS_LONG else 3):
        up = start(started, data)
        wait_for(lambda: find_leftovers(data), "nothing was started")
        time.sleep(moments.uniform(0, 4))
        up.end(signal.SIGKILL)
    up = start(started, data)
    up.wait_until_ready()
    assert up.end() == 0
