"""Services and processes of their own for a measurement, in a temporary folder; all end with it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.embedded.postgres import Postgres
from apps.core.embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def services() -> Iterator[None]:
    """PostgreSQL (durable) and Valkey, migrated; the environment names them."""
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        postgres, valkey = Postgres(folder), Valkey(folder)
        os.environ["MILEPOST_DATA_DIR"] = name
        os.environ["DATABASE_URL"] = postgres.start()
        os.environ["CELERY_BROKER_URL"] = valkey.start()
        os.environ["CACHE_URL"] = valkey.cache_url
        os.environ["LOG_LEVEL"] = "WARNING"
        try:
            manage("migrate", "--noinput")
            yield
        finally:
            valkey.stop()
            postgres.stop()


def expect(holds: object, *told: object) -> None:
    """Ends the measurement, saying what did not hold."""
    if not holds:
        sys.exit(f"This did not hold. {' '.join(map(str, told))}")


def manage(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(30)


@contextmanager
def web(workers: int = 2) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = f"granian --interface wsgi config.wsgi:application --host 127.0.0.1 --port {port} --workers {workers}"
    arguments = ["-m", *server.split(), "--blocking-threads", "1", "--no-ws", "--log-level", "error"]
    with process(*arguments):
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/t.js", timeout=1)  # noqa: S310 - our own address
                break
            except OSError:
                time.sleep(0.1)
        yield url


@contextmanager
def worker() -> Iterator[None]:
    queues = "pipeline,run,deliver,jobs"
    with process("-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "2", "-Q", queues,
                 "--without-mingle", "--without-gossip", "--loglevel", "ERROR"):  # fmt: skip
        yield
