"""What Prometheus scrapes. Requests are counted in files that the processes of a host share, as each scrape reaches
only one of them; all else is read from the database when somebody asks."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(settings.METRICS_DIR))

# The library reads the folder when it is imported.
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from apps.core import health, registry
from apps.core.logs import route_of
from apps.core.models import Job
from apps.core.selectors import queue_gauges

logger = logging.getLogger(__name__)

type GetResponse = Callable[[HttpRequest], HttpResponse]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests = Counter("milepost_requests", "Requests answered, by route name.", ["route", "method", "status"])
seconds = Histogram("milepost_request_seconds", "Until the answer begins.", ["route"], buckets=_BUCKETS)


def measure(get_response: GetResponse) -> GetResponse:
    """Middleware. Where the folder cannot be written to, requests are answered and not counted."""
    try:
        _open_folder()
    except OSError as error:
        logger.warning("requests are not counted: METRICS_DIR cannot be written to: %s", error.strerror)
        return get_response

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        route = route_of(request)
        method = request.method if request.method in _METHODS else "other"
        requests.labels(route, method, response.status_code).inc()
        seconds.labels(route).observe(time.perf_counter() - began)
        return response

    return middleware


def _open_folder() -> None:
    """Starts afresh when nobody who counts in it lives, so that the files of the dead do not pile up."""
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    files = {path: int(path.stem.rpartition("_")[2]) for path in folder.glob("*_*.db")}
    if not any(_lives(pid) for pid in files.values()):
        for path in files:
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def exposition() -> bytes:
    """In Prometheus's text format."""
    collected = CollectorRegistry()
    if Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).is_dir():
        MultiProcessCollector(collected)  # type: ignore[no-untyped-call]
    collected.register(_Database())
    return generate_latest(collected)


class _Database:
    """Tells what it can: a scrape while the database is away still has the requests."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("milepost_database_up", "Whether the database answered this scrape.")
        try:
            found = [*_queues(), _stuck(), _jobs(), *_inserted()]
        except Error as error:
            logger.warning("the database did not answer a scrape: %s", type(error).__name__)
            found = []
        up.add_metric([], 1 if found else 0)
        return [up, *found]


def _queues() -> list[Metric]:
    length = GaugeMetricFamily("milepost_queue_length", "Rows that are due, work in hand included.", labels=["queue"])
    oldest = GaugeMetricFamily("milepost_queue_oldest_seconds", "Age of the oldest of them.", labels=["queue"])
    for name, gauge in queue_gauges(now=timezone.now()).items():
        length.add_metric([name], gauge.length)
        oldest.add_metric([name], gauge.oldest_seconds)
    return [length, oldest]


def _stuck() -> Metric:
    rows = GaugeMetricFamily(
        "milepost_stuck_rows", "Rows that should have moved on, up to a thousand.", labels=["what"]
    )
    for name, check in registry.health_checks.items():
        rows.add_metric([name], health.count_stuck(check, now=timezone.now()))
    return rows


def _jobs() -> Metric:
    jobs = GaugeMetricFamily("milepost_jobs", "Jobs of the last ninety days, by state.", labels=["state"])
    for state, number in Job.objects.order_by().values_list("state").annotate(n=Count("pk")):
        jobs.add_metric([state], number)
    return jobs


def _inserted() -> Iterable[Metric]:
    """From the statistics that PostgreSQL keeps anyway: counting rows of a big table would cost a scan."""
    tables = {model._meta.db_table: name for name, model in registry.inserts.items()}  # noqa: SLF001 - public _meta
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins FROM pg_stat_user_tables"
            " WHERE relname = ANY(%s) AND schemaname = current_schema ORDER BY relname",
            [list(tables)],
        )
        for table, number in cursor.fetchall():
            counter = CounterMetricFamily(f"milepost_{tables[table]}", f"Rows written to {table}.")
            counter.add_metric([], number)
            yield counter
