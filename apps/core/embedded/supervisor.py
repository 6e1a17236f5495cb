"""Starts programs in order, starts again what dies, and stops everything in reverse order."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from apps.core.embedded.leftovers import find_leftovers, signal_leftovers
from apps.core.embedded.process import Child, Program, StartError, last_lines
from apps.core.embedded.service import Service

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, STEADY_SECONDS = 0.2, 5.0, 30.0
TICK_SECONDS = 0.1
PATIENCE = 5  # deaths of a service that never answered
LOUDER = ((5, signal.SIGINT), (20, signal.SIGQUIT), (5, signal.SIGKILL), (10, None))
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequested(Exception):
    """Somebody sent SIGTERM or pressed Ctrl-C."""


@dataclass
class Watched:
    program: Program
    child: Child
    failures: int = 0
    due_at: float | None = None

    def look(self) -> str | None:
        """One step: notices an end, or starts again when it is time. Returns what to tell about an end."""
        now = time.monotonic()
        if self.due_at is not None:
            return self._start_again() if now >= self.due_at else None
        code = self.child.poll()
        if code is None:
            return None
        if now - self.child.started_at > STEADY_SECONDS:
            self.failures = 0
        self._fail()
        return _obituary(self.program, code)

    def _start_again(self) -> str | None:
        try:
            self.child, self.due_at = Child(self.program), None
        except OSError as error:  # no memory, no more processes: that may pass
            self._fail()
            return f"{self.program.name} cannot be started: {error.strerror}."
        return None

    def _fail(self) -> None:
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**self.failures)
        self.due_at = time.monotonic() + wait
        self.failures = min(self.failures + 1, 10)


@dataclass
class Stopping:
    """A child on its way out: asked first, then told, then killed."""

    child: Child
    louder: list[signal.Signals] = field(init=False)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.louder = [signal.SIGKILL, self.child.program.last_signal]
        self.deadline = time.monotonic() + self.child.program.grace_seconds
        self.child.send(self.child.program.stop_signal)

    def has_ended(self, *, in_a_hurry: bool) -> bool:
        if self.child.poll() is not None:
            return True
        is_first = len(self.louder) == 2
        if self.louder and (time.monotonic() > self.deadline or (in_a_hurry and is_first)):
            self.child.send(self.louder.pop())
            self.deadline = time.monotonic() + 10
        return False


class Supervisor:
    """Owns a data folder while it is entered. Use it in the main thread: it takes the signals."""

    def __init__(self, data_dir: Path, *, say: Callable[[str], object] | None = None) -> None:
        self.data_dir = data_dir
        self._say = say or (lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201 - the terminal is it
        self._watched: list[Watched] = []
        self._services: list[Service] = []
        self._stop_requests = 0
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._lock = lock_folder(self.data_dir)
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
                self._handlers[number] = signal.signal(number, self._request_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._lock.close()

    def end_leftovers(self, steps: Sequence[tuple[float, signal.Signals | None]] = LOUDER) -> None:
        """What an earlier run left was told to stop by its leash; what does not is told again, louder."""
        for seconds, number in steps:
            if self.wait_until(lambda: not find_leftovers(self.data_dir), seconds=seconds):
                return
            if number:
                signal_leftovers(self.data_dir, number)
        pids = ", ".join(str(pid) for pid in find_leftovers(self.data_dir))
        raise StartError(f"Processes of an earlier run on {self.data_dir} do not end: {pids}.")

    def start(self, program: Program) -> Watched:
        if program.log:
            _rotate(program.log)
        watched = Watched(program, Child(program))
        self._watched.append(watched)
        return watched

    def start_service(self, service: Service) -> str:
        """Returns its URL once it answers."""
        self._services.append(service)
        service.prepare()
        watched = self.start(service.program)
        settled = self.wait_until(
            lambda: watched.failures > PATIENCE or service.is_ready(), seconds=service.start_seconds
        )
        if not settled or watched.failures > PATIENCE:
            raise service.failure()
        service.complete()
        return service.url

    def run(self, program: Program) -> int:
        """Runs a program to its end, once, and returns its exit code."""
        if program.log:
            _rotate(program.log)
        child = Child(program)
        try:
            self.wait_until(lambda: child.poll() is not None)
        finally:
            child.stop()
        return child.poll() or 0

    def wait_until(self, condition: Callable[[], bool], *, seconds: float | None = None) -> bool:
        """Keeps everything running meanwhile. Raises StopRequested."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if deadline is not None and time.monotonic() > deadline:
                return False
            self._tick()
        return True

    def watch(self) -> None:
        """Until somebody asks to stop; then raises StopRequested."""
        while True:
            self._tick()

    def stop(self) -> None:
        """Programs together, the last started asked first; then services, one after the other."""
        latest_first = list(reversed(self._watched))
        self._watched = []
        self._stop_together([watched for watched in latest_first if not watched.program.is_service])
        for watched in latest_first:
            if watched.program.is_service:
                self._stop_together([watched])
        for service in self._services:
            service.clean()
        self._services = []

    def _stop_together(self, group: list[Watched]) -> None:
        stopping = [Stopping(watched.child) for watched in group]
        while stopping := [one for one in stopping if not one.has_ended(in_a_hurry=self._stop_requests > 1)]:
            time.sleep(0.05)

    def _tick(self) -> None:
        if self._stop_requests:
            raise StopRequested
        for watched in self._watched:
            if news := watched.look():
                self._say(news)
        time.sleep(TICK_SECONDS)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requests += 1


def lock_folder(data_dir: Path) -> IO[str]:
    """The lock goes with the file returned, and with us when we are killed."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
        lock = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise StartError(f"The data folder {data_dir} cannot be written to: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise StartError(
            f"Milepost already runs on {data_dir} (process {owner}). Stop it, or use another --data."
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _rotate(log: Path) -> None:
    if log.exists():
        log.replace(log.with_suffix(".log.1"))


def _obituary(program: Program, code: int) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    lines = last_lines(program.log)
    detail = f" The end of {program.log}:\n{lines}" if lines else ""
    return f"{program.name} {how} and is started again.{detail}"
