"""PostgreSQL and all its processes are killed while events arrive by HTTP, and while mails go out."""

import base64
import http.client
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

import pytest

from tests.faults import seed
from tests.faults.conftest import IS_LONG, OUTBOX_MESSAGES
from tests.faults.ground import CAP_SECONDS, OUTBOX, Account, Installation, wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults

TIMES = 10 if IS_LONG else 2


@dataclass
class Client:
    """Sends batches until it is told to end; like real clients it sends a batch again until it is acknowledged."""

    address: str
    ended: threading.Event
    name: str
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[int | str] = field(default_factory=Counter)

    def run(self) -> None:
        for number in count():
            ids = [f"{self.name}-{number}-{position}" for position in range(20)]
            body = json.dumps({"batch": [_event(one) for one in ids]}).encode()
            while not self._is_taken(body):
                if self.ended.wait(0.1):
                    return
            self.acknowledged.update(ids)
            if self.ended.is_set():
                return

    def _is_taken(self, body: bytes) -> bool:
        answer = self._post(body)
        self.answers[answer] += 1
        return answer == 200

    def _post(self, body: bytes) -> int | str:
        key = base64.b64encode(f"{seed.WRITE_KEY}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
        connection = http.client.HTTPConnection(self.address, timeout=CAP_SECONDS)
        try:
            connection.request("POST", "/v1/batch", body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()
        return (
            response.status if response.status != 503 or response.headers["Retry-After"] else "503 without Retry-After"
        )


def _event(message_id: str) -> dict[str, object]:
    user = f"u{random.randint(1, 200)}"
    return {"type": "track", "userId": user, "messageId": message_id, "event": "Product Viewed"}


def kill_again_and_again(company: Installation, progress, *, times: int) -> None:
    """Each time after something more was done; meanwhile the database is away for a moment."""
    for _ in range(times):
        before = progress()
        wait_until(lambda before=before: progress() > before, what="work goes on")
        time.sleep(random.uniform(0, 0.5))
        assert company.ground.kill_postgres() > 3
        time.sleep(random.uniform(0, 1))
        company.ground.start_postgres_again()


def test_killed_while_events_arrive(install) -> None:
    company = install()
    address, ended = company.web(), threading.Event()
    company.wait_for_web()
    clients = [Client(address, ended, name=f"client{number}") for number in range(4)]
    with ThreadPoolExecutor(len(clients)) as threads:
        running = [threads.submit(client.run) for client in clients]
        try:
            kill_again_and_again(company, lambda: sum(len(client.acknowledged) for client in clients), times=TIMES)
            time.sleep(1)
        finally:
            ended.set()
        for one in running:
            one.result()
    acknowledged = set().union(*(client.acknowledged for client in clients))
    answers = sum((client.answers for client in clients), Counter())
    stored = Counter(dict(company.rows("SELECT message_id, count(*) FROM touchpoints_interaction GROUP BY message_id")))
    lost, repeated = len(acknowledged - set(stored)), stored.total() - len(stored)
    account = Account(lost, repeated, 0)
    refused = answers.total() - answers[200]
    work = f"{len(acknowledged)} events acknowledged in {answers[200]} requests, {refused} refused"
    figures("PostgreSQL killed (-9) while events arrive", work, TIMES, account)
    assert (lost, repeated) == (0, 0)
    assert {code for code in answers if isinstance(code, int)} <= {200, 503}, answers
    assert "503 without Retry-After" not in answers
    unannounced = (
        "SELECT count(*) FROM touchpoints_interaction i"
        " WHERE NOT EXISTS (SELECT FROM core_change c WHERE c.interaction_id = i.id)"
    )
    assert company.number_of(unannounced) == 0


def test_killed_while_mails_go_out(install) -> None:
    company = install(OUTBOX["email"], lease_seconds=10)
    company.worker()
    times = 10 if IS_LONG else 1
    kill_again_and_again(company, lambda: len(company.mail.mails), times=times)
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures("PostgreSQL killed (-9) while mails go out", f"{OUTBOX_MESSAGES} mails", times, account)
    assert (account.lost, account.repeated) == (0, 0)
