"""What PostgreSQL and Valkey have in common: prepared, started, asked until they answer, stopped."""

import os
import time
from abc import ABC, abstractmethod
from pathlib import Path

from apps.core.embedded.leftovers import make_socket_folder, remove_socket_folders
from apps.core.embedded.process import Child, Program, StartError, User, last_lines


class Service(ABC):
    """One server on one data folder. The caller holds the folder's lock."""

    name: str
    title: str
    start_seconds: float = 60
    sockets: Path

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.folder = self.data_dir / self.name
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self.user: User | None = None
        self._child: Child | None = None

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    @abstractmethod
    def program(self) -> Program: ...

    @abstractmethod
    def prepare(self) -> None:
        """Everything before the server itself runs. Raises StartError."""

    @abstractmethod
    def is_ready(self) -> bool: ...

    def complete(self) -> None:  # noqa: B027 - not every service misses something
        """What is missing once it answers."""

    def make_sockets(self) -> None:
        remove_socket_folders(self.data_dir, self.name)
        self.sockets = make_socket_folder(self.data_dir, self.name, self.user)

    def start(self) -> str:
        """For those who need no supervisor; returns the URL."""
        try:
            self.prepare()
            self._child = Child(self.program)
            self._wait(self._child)
            self.complete()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        if self._child:
            self._child.stop()
        self.clean()

    def clean(self) -> None:
        remove_socket_folders(self.data_dir, self.name)

    def failure(self) -> StartError:
        return StartError(f"{self.title} did not start. The end of {self.log}:\n{last_lines(self.log)}")

    def _wait(self, child: Child) -> None:
        deadline = time.monotonic() + self.start_seconds
        while not self.is_ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise self.failure()
            time.sleep(0.05)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"{self.folder} cannot be made: {error.strerror}.") from error
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise StartError(f"{self.folder} belongs to another user. Start as that user, or use another --data.")
