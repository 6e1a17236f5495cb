"""Ingestion over HTTP beside a bare COPY and a bare single INSERT into the same table, in the same run.

    python -m bench.ingest [--events 40000] [--singles 4000]

Prints rates, and ratios against the limits that they are held to: batches ≥ 40 % of COPY, end to end ≥ 5,000 events/s,
single posts ≥ 50 % of the bare insert. Starts services of its own and ends by itself."""

import argparse
import base64
import http.client
import json
import os
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.services import manage, services, web, worker

CONNECTIONS = 8
BATCH = 100
EVENTS = ["Product Viewed", "Product Added", "Checkout Started", "Order Completed", "Page Viewed", "Search Done"]
JOURNEY = {
    "name": "Bench",
    "lapse_after_days": 60,
    "stages": [
        {"name": "Looks", "kind": "consideration", "expected_days": 7, "steps": [
            {"name": "Sees", "match": [{"event": "Product Viewed"}]},
            {"name": "Adds", "match": [{"event": "Product Added"}]}]},
        {"name": "Buys", "kind": "purchase", "steps": [{"name": "Orders", "match": [{"event": "Order Completed"}]}]},
        {"name": "Stays", "kind": "loyalty", "steps": [
            {"name": "Orders again", "match": [{"event": "Order Completed", "nth": 2}]}]},
    ],
}  # fmt: skip


def message(number: int, users: int, start: datetime) -> dict[str, Any]:
    at = start + timedelta(seconds=number)
    return {
        "type": "track",
        "event": EVENTS[number % len(EVENTS)],
        "userId": f"user_{(number * 7919) % users}",
        "anonymousId": None,
        "messageId": str(uuid.uuid4()),
        "timestamp": at.isoformat(),
        "properties": {"sku": f"S{number % 500}", "price": number % 90 + 0.5, "session_id": f"s{number // 8}"},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
    }


class Poster:
    """Connections that post bodies in turn, each from a thread of its own."""

    def __init__(self, url: str, key: str) -> None:
        self.address = urlsplit(url).netloc
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "Content-Type": "application/json",
        }

    def post_all(self, path: str, bodies: list[bytes], *, on_done: Callable[[], None] | None = None) -> float:
        """Seconds until all were answered 200."""
        shares = [bodies[number::CONNECTIONS] for number in range(CONNECTIONS)]
        failures: list[str] = []
        threads = [threading.Thread(target=self._post, args=(path, share, failures)) for share in shares]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        if failures:
            raise RuntimeError(failures[0])
        return seconds

    def _post(self, path: str, bodies: list[bytes], failures: list[str]) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=120)
        for body in bodies:
            connection.request("POST", path, body, self.headers)
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                failures.append(f"{response.status} {text[:200]!r}")
                return
        connection.close()


def copy_rate(rows: int) -> float:
    """COPY of the same rows into the interaction table, nothing else: rows/s over CONNECTIONS connections."""
    start_at = datetime.now(UTC) - timedelta(days=1)
    with psycopg.connect(os.environ["DATABASE_URL_PLAIN"]) as connection:
        source = connection.execute("SELECT id FROM touchpoints_source LIMIT 1").fetchone()
        customers = [row[0] for row in connection.execute("SELECT id FROM customers_customer LIMIT 5000").fetchall()]
    shares = [range(number, rows, CONNECTIONS) for number in range(CONNECTIONS)]

    def run(share: range) -> None:
        columns = "customer_id, source_id, message_id, occurred_at, event, channel, properties, context"
        with psycopg.connect(os.environ["DATABASE_URL_PLAIN"]) as connection, connection.cursor() as cursor:
            for chunk in [share[i : i + BATCH] for i in range(0, len(share), BATCH)]:
                with cursor.copy(f"COPY touchpoints_interaction ({columns}) FROM STDIN") as copy:
                    for number in chunk:
                        one = message(number, 5000, start_at)
                        copy.write_row(
                            (customers[number % len(customers)], source[0], one["messageId"], one["timestamp"],
                             one["event"], "web", json.dumps(one["properties"]), "{}")
                        )  # fmt: skip
                connection.commit()

    return rows / _in_threads(run, shares)


def insert_rate(rows: int) -> float:
    """One INSERT and commit a row, nothing else, over CONNECTIONS connections."""
    with psycopg.connect(os.environ["DATABASE_URL_PLAIN"]) as connection:
        source = connection.execute("SELECT id FROM touchpoints_source LIMIT 1").fetchone()
        customer = connection.execute("SELECT id FROM customers_customer LIMIT 1").fetchone()
    shares = [range(number, rows, CONNECTIONS) for number in range(CONNECTIONS)]

    def run(share: range) -> None:
        with psycopg.connect(os.environ["DATABASE_URL_PLAIN"], autocommit=True) as connection:
            for number in share:
                connection.execute(
                    "INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, event,"
                    " channel, properties) VALUES (%s, %s, %s, now(), %s, 'web', %s)",
                    [customer[0], source[0], str(uuid.uuid4()), EVENTS[number % 6], '{"price": 1}'],
                )

    return rows / _in_threads(run, shares)


def _in_threads(run: Callable[[range], None], shares: list[range]) -> float:
    threads = [threading.Thread(target=run, args=(share,)) for share in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def wait_until_current() -> None:
    with psycopg.connect(os.environ["DATABASE_URL_PLAIN"], autocommit=True) as connection:
        for _ in range(6000):
            if not connection.execute("SELECT EXISTS (SELECT FROM core_change)").fetchone()[0]:
                return
            time.sleep(0.05)
    raise RuntimeError("stage history is not current after five minutes")


def publish_journey(url: str) -> None:
    headers = {"Authorization": f"Api-Key {manage('create_api_key', 'bench')}", "Content-Type": "application/json"}

    def call(path: str, data: Any) -> Any:
        request = urllib.request.Request(url + path, json.dumps(data).encode(), headers)  # noqa: S310
        return json.load(urllib.request.urlopen(request))  # noqa: S310

    call(f"/api/journeys/{call('/api/journeys/import/', JOURNEY)['id']}/publish/", {})


class Clock:
    """Events of one run follow each other in time, as a live stream does; else each would fold its customer anew."""

    def __init__(self) -> None:
        self.next = 0
        self.start = datetime.now(UTC) - timedelta(days=5)

    def batches(self, events: int, users: int) -> list[bytes]:
        """Each connection has customers of its own, whose events come in order: body n goes out on connection n modulo
        CONNECTIONS, and the customers are shared out by their number (`users` is a multiple of it)."""
        messages = [message(self.next + number, users, self.start) for number in range(events)]
        self.next += events
        sent_at = datetime.now(UTC).isoformat()
        shares = [messages[number::CONNECTIONS] for number in range(CONNECTIONS)]
        rounds = range(0, len(shares[0]), BATCH)
        return [
            json.dumps({"batch": share[i : i + BATCH], "sentAt": sent_at}).encode() for i in rounds for share in shares
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--singles", type=int, default=4_000)
    parser.add_argument("--users", type=int, default=5_000)
    options = parser.parse_args()
    with services(), web() as url:
        os.environ["DATABASE_URL_PLAIN"] = os.environ["DATABASE_URL"]
        poster = Poster(url, manage("create_source", "Bench"))
        publish_journey(url)
        clock = Clock()
        with worker():
            poster.post_all("/v1/batch", clock.batches(options.users, options.users))  # everybody is known from here on
            wait_until_current()
        sent = poster.post_all("/v1/batch", clock.batches(options.events, options.users))
        report("batches of 100, stitched and committed", options.events / sent, "COPY", copy_rate(options.events), 0.4)
        with worker():
            wait_until_current()
            bodies = clock.batches(options.events, options.users)
            start = time.perf_counter()
            poster.post_all("/v1/batch", bodies)
            wait_until_current()
            rate = options.events / (time.perf_counter() - start)
        report("end to end, until stage history is current", rate, "the aim", 5000, 1.0)
        bodies = [json.dumps(message(n, options.users, datetime.now(UTC))).encode() for n in range(options.singles)]
        seconds = poster.post_all("/v1/track", bodies)
        report("single posts", options.singles / seconds, "INSERT + commit", insert_rate(options.singles), 0.5)


def report(what: str, rate: float, beside: str, base: float, limit: float) -> None:
    verdict = "meets" if rate / base >= limit else "misses"
    print(f"{what}: {rate:,.0f}/s; {beside}: {base:,.0f}/s; ratio {rate / base:.2f}, {verdict} {limit:.2f}", flush=True)


if __name__ == "__main__":
    main()
