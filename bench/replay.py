"""Sends the shop clickstream to Milepost through a real event client, over HTTP.

    python -m bench.replay --url http://127.0.0.1:8000 --write-key wk_… --client segment
    python -m bench.replay … --client rudder --shift-to-now

Prints events, seconds and events a second. `--shift-to-now` moves all times so that the newest event is now."""

import argparse
import csv
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

FILE = Path(__file__).resolve().parent.parent / "tests" / "data" / "ecom_clickstream" / "events_even_users.csv"
STEPS = ["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]


def rows(path: Path = FILE, *, shift: timedelta = timedelta(0)) -> Iterator[dict[str, Any]]:
    """In file order: user, event, properties, timestamp (aware, UTC)."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "user_id": row["user_id"],
                "event": row["event"],
                "properties": {
                    "session_id": row["session_id"],
                    "platform": row["platform"],
                    "acquisition_channel": row["acquisition_channel"],
                },
                "timestamp": datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) + shift,
            }


def shift_to_now(path: Path = FILE) -> timedelta:
    newest = max(row["timestamp"] for row in rows(path))
    return datetime.now(UTC) - timedelta(minutes=1) - newest


def make_client(name: str, *, url: str, write_key: str) -> Any:
    """A real client with one sending thread, so that the file's order is kept."""
    errors: list[Any] = []

    def on_error(error: Any, items: Any) -> None:
        errors.append(error)

    options = {"host": url, "on_error": on_error, "max_queue_size": 100_000, "timeout": 60, "thread": 1}
    client = segment.Client(write_key, **options) if name == "segment" else rudder.Client(write_key, **options)
    client.errors = errors
    return client


def send(name: str, *, url: str, write_key: str, shift: timedelta = timedelta(0)) -> int:
    """All rows through the client of that name; returns how many. Raises RuntimeError on a lost batch."""
    client = make_client(name, url=url, write_key=write_key)
    sent = 0
    for row in rows(shift=shift):
        client.track(row["user_id"], row["event"], row["properties"], timestamp=row["timestamp"])
        sent += 1
    client.flush()
    client.join()
    if client.errors:
        raise RuntimeError(f"{len(client.errors)} batches were lost: {client.errors[0]}")
    return sent


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--write-key", required=True)
    parser.add_argument("--client", choices=["segment", "rudder"], default="segment")
    parser.add_argument("--shift-to-now", action="store_true")
    options = parser.parse_args()
    shift = shift_to_now() if options.shift_to_now else timedelta(0)
    start = time.perf_counter()
    sent = send(options.client, url=options.url, write_key=options.write_key, shift=shift)
    seconds = time.perf_counter() - start
    print(f"{options.client}: {sent} events in {seconds:.1f} s, {sent / seconds:,.0f} events/s")


if __name__ == "__main__":
    main()
