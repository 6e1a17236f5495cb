"""Recipients who say no while their messages are queued, claimed or just being handed over; two workers at once."""

import http.client
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from apps.core import links
from tests.faults.conftest import OUTBOX_MESSAGES
from tests.faults.ground import CAP_SECONDS, OUTBOX, SECRET_KEY, SENDING, Installation, wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults

UNFINISHED = "SELECT count(*) FROM campaigns_message WHERE state NOT IN ('sent', 'skipped')"


@dataclass
class Recipients:
    """Click the link of their message; `answered_at` says when they were told that it counts."""

    company: Installation
    address: str
    asked_at: dict[str, float] = field(default_factory=dict)
    answered_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.company.rows("SELECT address, id FROM campaigns_message")
        self.tokens = {address: links.sign("unsubscribe", pk) for address, pk in rows}

    def say_no(self, recipient: str) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=CAP_SECONDS)
        self.asked_at[recipient] = time.monotonic()
        connection.request("POST", f"/u/{self.tokens[recipient]}", "List-Unsubscribe=One-Click")
        response = connection.getresponse()
        self.answered_at[recipient] = time.monotonic()
        response.read()
        connection.close()
        assert response.status == 200

    def too_late(self) -> list[str]:
        """Who got a mail after the answer."""
        mails = self.company.mail.mails
        return [m.recipient for m in mails if m.accepted_at > self.answered_at.get(m.recipient, float("inf"))]

    def caught(self) -> list[str]:
        """Who asked while their mail was being handed over."""
        mails = [mail for mail in self.company.mail.mails if mail.recipient in self.asked_at]
        return [mail.recipient for mail in mails if mail.accepted_at > self.asked_at[mail.recipient]]


@pytest.fixture(autouse=True)
def _same_signatures(settings) -> None:
    settings.SECRET_KEY = SECRET_KEY


def test_nothing_after_the_answer(install) -> None:
    """Some click while their message waits, some while it is just being handed over, which then takes its time."""
    asked: list[Future[None]] = []

    def takes(recipient: str) -> float:
        if recipient in early or random.random() > 0.2:
            return random.uniform(0, 0.05)
        asked.append(threads.submit(recipients.say_no, recipient))
        return 0.2

    company = install(OUTBOX["email"], takes=takes)
    recipients = Recipients(company, company.web())
    early = set(random.sample(sorted(recipients.tokens), OUTBOX_MESSAGES // 3))
    company.wait_for_web()
    with ThreadPoolExecutor(8) as threads:
        company.worker()
        company.worker()
        company.mail.wait_for(1, seconds=CAP_SECONDS)
        asked += [threads.submit(recipients.say_no, recipient) for recipient in sorted(early)]
        wait_until(lambda: company.number_of(UNFINISHED) == 0, what="the outbox is at rest")
    for one in asked:
        one.result()
    account = company.account()
    stopped = OUTBOX_MESSAGES - len(company.mail.mails)
    caught = len(recipients.caught())
    work = f"{OUTBOX_MESSAGES} mails by 2 workers; {stopped} stopped, {caught} caught in hand-over"
    figures("opt-out answered", work, len(recipients.answered_at), account)
    assert recipients.too_late() == []
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)
    assert stopped > 0
    assert caught > 0
    skipped = {row[0] for row in company.rows("SELECT address FROM campaigns_message WHERE state = 'skipped'")}
    assert skipped == set(recipients.tokens) - {mail.recipient for mail in company.mail.mails}
    assert skipped <= set(recipients.answered_at)


def test_a_mail_server_that_is_slow_to_greet(install) -> None:
    """The gate was passed long ago when the connection stands at last."""
    company = install(OUTBOX["email"], lease_seconds=3, greets_after=3)
    recipients = Recipients(company, company.web())
    company.wait_for_web()
    company.worker()
    wait_until(lambda: company.number_of(SENDING), what="hand-over")
    query = "SELECT address FROM campaigns_message WHERE state = 'sending'"
    [(recipient,)] = company.rows(query)
    recipients.say_no(recipient)
    wait_until(lambda: (recipient,) not in company.rows(query), what="the hand-over is over")
    assert recipients.too_late() == []
