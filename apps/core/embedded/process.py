"""Child processes that do not outlive us."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LAUNCH = Path(__file__).with_name("launch.py")
ROOT = Path("/")


class StartError(Exception):
    """Something that cannot run here. The text is a sentence for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class User:
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run. `log` None passes output through; `reach` are paths that `user` must be able to enter."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path = ROOT
    log: Path | None = None
    user: User | None = None
    reach: Sequence[Path] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 25
    last_signal: signal.Signals = signal.SIGKILL
    is_service: bool = False


class Child:
    """A started program. Start it from the main thread: the leash is tied to the thread that forks."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at = time.monotonic()
        output = _open_log(program.log) if program.log else None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - argv is ours
                _launched(program),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=program.cwd,
                env=dict(program.env),
                start_new_session=True,
            )
        finally:
            if output:
                output.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code once it has ended, and with it whatever it left in its process group."""
        if self._process.returncode is None:
            # Not reaped yet, so the number is still its own and the group can be killed safely.
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self._kill_group()
            self._process.wait()
        return self._process.returncode

    def wait(self, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.poll()

    def send(self, number: signal.Signals) -> None:
        if self.poll() is not None:
            return
        if number == signal.SIGKILL:
            self._kill_group()
        else:
            self._process.send_signal(number)

    def stop(self) -> None:
        self.send(self.program.stop_signal)
        if self.wait(self.program.grace_seconds) is None:
            self.send(self.program.last_signal)
        if self.wait(10) is None:
            self.send(signal.SIGKILL)
            self.wait(10)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing left, or not ours to kill
            os.killpg(self.pid, signal.SIGKILL)


def _launched(program: Program) -> list[str]:
    user = [program.user.uid, program.user.gid] if program.user else None
    wanted = {"parent": os.getpid(), "user": user, "reach": [str(path) for path in program.reach]}
    return [sys.executable, "-I", "-S", str(LAUNCH), json.dumps(wanted), *program.argv]


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def last_lines(path: Path | None, count: int = 20) -> str:
    if path is None or not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 16_384))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
