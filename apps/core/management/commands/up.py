"""The whole product with one command: services, migrations, demo company, pages, live streams, workers."""

import argparse
import http.client
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core.embedded.leftovers import run_marker
from apps.core.embedded.postgres import Postgres
from apps.core.embedded.process import Program, StartError, last_lines
from apps.core.embedded.supervisor import StopRequested, Supervisor
from apps.core.embedded.valkey import Valkey

HOST = "127.0.0.1"
SLOW_SECONDS = 60


class Command(BaseCommand):
    help = "Runs Milepost until Ctrl-C or SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=_port, default=8000, help="of the pages (8000)")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data folder (var/)")
        parser.add_argument("--no-demo", action="store_true", help="start with an empty company")
        parser.add_argument("--workers", type=_count, default=2, help="Celery workers (2)")

    def handle(self, *args: Any, **options: Any) -> None:
        data_dir: Path = options["data"].absolute()
        try:
            with Supervisor(data_dir) as supervisor:
                product = Product(supervisor=supervisor, data_dir=data_dir, port=options["port"])
                try:
                    product.start(workers=options["workers"], with_demo=not options["no_demo"])
                    self.stdout.write(f"ready {product.address}")
                    self.stdout.flush()
                    supervisor.watch()
                finally:
                    product.services_file.unlink(missing_ok=True)
        except StopRequested:
            return
        except StartError as error:
            self.stderr.write(str(error))
            sys.exit(1)


@dataclass
class Product:
    supervisor: Supervisor
    data_dir: Path
    port: int

    def __post_init__(self) -> None:
        self.address = f"http://{HOST}:{self.port}"
        self.live_port = free_port()
        self.services_file = self.data_dir / "services.json"
        self.env = os.environ | {
            "MILEPOST_DATA_DIR": str(self.data_dir),
            "MILEPOST_RUN": run_marker(self.data_dir),
            "LIVE_URL": f"http://{HOST}:{self.live_port}",
            "PUBLIC_URL": os.environ.get("PUBLIC_URL") or self.address,
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *, workers: int, with_demo: bool) -> None:
        self.services_file.unlink(missing_ok=True)
        self.supervisor.end_leftovers()
        check_port(self.port)
        self._start_services()
        self._manage("migrate", "--noinput", shows_output=False)
        if with_demo:
            self._manage("load_demo", "--if-empty", shows_output=True)
        for program in self._page_programs():
            self.supervisor.start(program)
        self._wait_for_pages()  # before the workers start, which would take the processors from it
        for program in self._worker_programs(workers):
            self.supervisor.start(program)

    def _start_services(self) -> None:
        found: dict[str, str] = {}
        if not os.environ.get("DATABASE_URL"):
            found["DATABASE_URL"] = self.supervisor.start_service(Postgres(self.data_dir))
        if not os.environ.get("CELERY_BROKER_URL"):
            valkey = Valkey(self.data_dir)
            found["CELERY_BROKER_URL"] = self.supervisor.start_service(valkey)
            found["CACHE_URL"] = os.environ.get("CACHE_URL") or valkey.cache_url
        self.env |= found
        write_privately(self.services_file, found | {name: self.env[name] for name in ("PUBLIC_URL", "LIVE_URL")})

    def _manage(self, *arguments: str, shows_output: bool) -> None:
        """Runs a command of this project to its end."""
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
        program = self._program(arguments[0], manage, has_log=not shows_output)
        if self.supervisor.run(program) != 0:
            raise StartError(f"`manage.py {' '.join(arguments)}` failed.\n{last_lines(program.log)}")

    def _page_programs(self) -> list[Program]:
        return [
            self._program("web", self._granian("wsgi", self.port, "--workers", "2", "--blocking-threads", "1")),
            self._program("live", self._granian("asginl", self.live_port, "--workers", "1")),
        ]

    def _worker_programs(self, workers: int) -> list[Program]:
        return [
            *(self._program(f"worker{number}", _worker(number)) for number in range(1, workers + 1)),
            self._program("beat", self._beat()),
        ]

    def _program(self, name: str, argv: list[str], *, has_log: bool = True) -> Program:
        log = self.data_dir / "logs" / f"{name}.log" if has_log else None
        return Program(name=name, argv=argv, env=self.env, cwd=settings.BASE_DIR, log=log)

    def _granian(self, interface: str, port: int, *options: str) -> list[str]:
        # A stream never ends by itself: its process gets a moment to close it.
        ends = ["--respawn-failed-workers", "--workers-kill-timeout", "5" if interface == "wsgi" else "1"]
        target = ["--interface", interface, f"config.{interface[:4]}:application"]
        where = ["--host", HOST, "--port", str(port), "--no-ws", "--no-access-log", "--log-level", "warning"]
        return [sys.executable, "-m", "granian", *target, *where, *ends, *options]

    def _beat(self) -> list[str]:
        schedule = ["--schedule", str(self.data_dir / "beat-schedule"), "--pidfile="]
        return [*_celery("beat"), *schedule, "--loglevel", "WARNING"]

    def _wait_for_pages(self) -> None:
        if not self.supervisor.wait_until(self._pages_answer, seconds=SLOW_SECONDS):
            log = self.data_dir / "logs" / "web.log"
            sys.stderr.write(f"The pages do not answer yet. The end of {log}:\n{last_lines(log)}\n")
            self.supervisor.wait_until(self._pages_answer)

    def _pages_answer(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/accounts/login/")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not count
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise StartError(f"Port {port} needs more rights than this user has. Choose one with --port.") from error
        except OSError as error:
            raise StartError(f"Port {port} is in use. Stop what uses it, or choose one with --port.") from error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def write_privately(path: Path, values: dict[str, str]) -> None:
    """Whole or not at all, and for our eyes."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(values, file, indent=1)
    unfinished.replace(path)


def _worker(number: int) -> list[str]:
    threads = ["-P", "threads", "-c", "4", "-Q", "pipeline,run,deliver,jobs", "-n", f"worker{number}@%h"]
    return [*_celery("worker"), *threads, "--without-mingle", "--without-gossip", "--loglevel", "WARNING"]


def _celery(command: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", command]


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 64:
        raise argparse.ArgumentTypeError(f"{text} is no number of workers from 0 to 64")
    return int(text)
