"""A map is published anew while 100,000 customers with 1,000,000 interactions are inside, and events go on coming.

    python -m bench.publish [--customers 100000] [--interactions 1000000]

Folds everybody with version 1, publishes version 2 with a worker and the web process running and 200 events a second
coming in, prints how the job goes on, then publishes version 3 and cancels it halfway. Fails when an event is refused,
when the stored history differs from a fold from nothing, when cancelling does not give the old history back, or when a
message was made. Starts services of its own and ends by itself."""

import argparse
import base64
import copy
import hashlib
import json
import os
import threading
import time
import urllib.request
from typing import Any

import django

from bench.services import expect, process, services, web


class Events(threading.Thread):
    """Posts small batches until told to stop; counts what was accepted and what was not."""

    def __init__(self, address: str, write_key: str, customers: int) -> None:
        super().__init__(daemon=True)
        self.address, self.customers = address, customers
        self.key = base64.b64encode(f"{write_key}:".encode()).decode()
        self.accepted = self.refused = 0
        self.slowest = 0.0
        self.ends = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.ends.wait(0.05):
            batch = [
                {"type": "track", "userId": f"live{(number + n) % 500}", "event": "Product Viewed",
                 "messageId": f"live{number + n}", "properties": {"price": 20}}
                for n in range(10)
            ]  # fmt: skip
            number += 10
            body = json.dumps({"batch": batch}).encode()
            headers = {"Authorization": f"Basic {self.key}", "Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.address}/v1/batch", body, headers)  # noqa: S310
            start = time.perf_counter()
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                    self.accepted += 10 if answer.status == 200 else 0
            except OSError:
                self.refused += 10
            self.slowest = max(self.slowest, time.perf_counter() - start)


def history() -> str:
    """A digest of all standing entries of those who were there before the events came."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.customer_id, e.stage_key, e.lap, e.entered_at, e.left_at FROM journeys_stageentry e"
            " JOIN customers_customer c ON c.id = e.customer_id AND c.name LIKE 'Customer %'"
            " WHERE e.withdrawn_at IS NULL ORDER BY 1, 4, 3, 2"
        )
        return hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()


def wait_for(job: Any, *, until: float = 100.0) -> float:
    """Seconds until the job is finished or that many percent done."""
    start = told = time.perf_counter()
    while not job.is_finished and (job.percent or 0) < until:
        time.sleep(0.5)
        job.refresh_from_db()
        if time.perf_counter() - told > 10:
            told = time.perf_counter()
            print(f"  {job.percent} %, {job.done:,} of {job.total:,}")
    return time.perf_counter() - start


def settle() -> None:
    from apps.core.models import Change, Job  # noqa: PLC0415

    while Change.objects.exists() or Job.objects.unfinished().exists():
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    options = parser.parse_args()
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        run(options.customers, options.interactions)


def run(customers: int, interactions: int) -> None:  # noqa: PLR0915 - one scenario, told from start to end
    from django.utils import timezone  # noqa: PLC0415

    from apps.campaigns.models import Message  # noqa: PLC0415
    from apps.core import jobs  # noqa: PLC0415
    from apps.journeys import wire  # noqa: PLC0415
    from apps.journeys.actions import drafts, publishing, rebuilding  # noqa: PLC0415
    from apps.journeys.models import Progress  # noqa: PLC0415
    from apps.touchpoints.models import Source  # noqa: PLC0415
    from bench.people import fill  # noqa: PLC0415
    from tests.factories import campaign  # noqa: PLC0415
    from tests.journeys.maps import SHOP  # noqa: PLC0415

    def publish(data: dict[str, Any]) -> Any:
        journey = drafts.import_text(text=wire.read(data))
        return publishing.publish(journey=journey, now=timezone.now(), by=None).job

    fill(customers, interactions)
    worker = ["-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "4", "-Q", "pipeline,run,deliver,jobs"]
    beat = ["-m", "celery", "-A", "config", "beat", "--schedule", os.environ["MILEPOST_DATA_DIR"] + "/beat"]
    quiet = ["--loglevel", "ERROR"]
    with web() as address, process(*worker, *quiet), process(*beat, *quiet):
        print(f"version 1 folds {customers:,} customers with {interactions:,} interactions")
        job = publish(SHOP)
        print(f"  {wait_for(job):.0f} s")
        settle()
        campaign(timezone.now())
        sending = Events(address, Source.objects.get(name="Bench").write_key, customers)
        sending.start()
        second = copy.deepcopy(SHOP)
        second["new_lap_after_days"] = 20
        second["stages"][0]["expected_days"] = 3
        print("version 2, with events coming in")
        job = publish(second)
        seconds = wait_for(job)
        print(f"  {job.get_state_display()}: {job.done:,} customers in {seconds:.0f} s, {job.done / seconds:,.0f}/s")
        settle_with(sending, Progress)
        checked, differences = rebuilding.compare(now=timezone.now())
        print(f"  {checked:,} customers checked, {len(differences)} differ")
        expect(not differences, differences[:3])
        before = history()
        third = copy.deepcopy(second)
        third["new_lap_after_days"] = 5
        print("version 3, cancelled halfway")
        job = publish(third)
        wait_for(job, until=40.0)
        jobs.ask_to_cancel(job=job, now=timezone.now())
        settle()
        expect(history() == before, "cancelling left another history")
        checked, differences = rebuilding.compare(now=timezone.now())
        expect(not differences, differences[:3])
        print(f"  back: the old history, {checked:,} customers checked")
        made = Message.objects.filter(customer__name__startswith="Customer ").count()
        print(f"  messages made: {made}")
        expect(not made)
        expect(not sending.refused, sending.refused)


def settle_with(sending: Events, progress: Any) -> None:
    sending.ends.set()
    sending.join(60)
    settle()
    expect(progress.objects.exists())
    print(f"  events: {sending.accepted:,} accepted, {sending.refused} refused, slowest {sending.slowest:.2f} s")


if __name__ == "__main__":
    main()
