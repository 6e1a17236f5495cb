"""Workers that are killed, asked to stop or frozen while mails go out."""

import os
import random
import signal

import pytest

from tests.faults.conftest import IS_LONG, OUTBOX_MESSAGES
from tests.faults.ground import CAP_SECONDS, IN_HAND, OUTBOX, Installation, wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults

MAILS, TIMES = (1000, 10) if IS_LONG else (150, 3)
MARKED = "SELECT count(*) FROM campaigns_message WHERE is_uncertain"


def mails_on_their_way(company: Installation) -> None:
    """From events to mails, all the way: the customers arrive while the workers work."""
    batches = 20 if IS_LONG else 3
    company.arrive(first=0, batches=batches, size=MAILS // batches, pause=0.2)


def wait_for_a_random_moment(company: Installation) -> None:
    """This worker has sent something; so many moments of this kind end before the mails do."""
    company.mail.wait_for(len(company.mail.mails) + random.randint(1, MAILS // (TIMES + 1)), seconds=CAP_SECONDS)


def test_killed(install) -> None:
    company = install(lease_seconds=6)
    mails_on_their_way(company)
    worker = company.worker()
    for _ in range(TIMES):
        wait_for_a_random_moment(company)
        worker.send(signal.SIGKILL)
        assert worker.wait(CAP_SECONDS) == -signal.SIGKILL
        worker = company.worker()
    company.wait_until_sent(MAILS)
    account = company.account()
    figures("worker killed (-9)", f"{MAILS} mails", TIMES, account)
    assert account.lost == 0
    assert account.repeated <= account.marked <= TIMES


def test_asked_to_stop(install) -> None:
    company = install()
    mails_on_their_way(company)
    worker = company.worker()
    for _ in range(TIMES):
        wait_for_a_random_moment(company)
        worker.send(signal.SIGTERM)
        assert worker.wait(CAP_SECONDS) == 0, company.log("worker")
        assert company.number_of(IN_HAND) == 0
        worker = company.worker()
    company.wait_until_sent(MAILS)
    account = company.account()
    figures("worker stopped (SIGTERM)", f"{MAILS} mails", TIMES, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)


def test_frozen_past_its_lease(install) -> None:
    """Nobody waits for it; the mail in its hand may come twice, recognisably."""
    frozen: list[str] = []

    def takes(recipient: str) -> float:
        if len(company.mail.mails) >= 20 and not frozen:
            os.killpg(worker.pid, signal.SIGSTOP)
            frozen.append(recipient)
        return 0.01

    company = install(OUTBOX, lease_seconds=6, takes=takes)
    company.execute("UPDATE campaigns_message SET state = 'held' WHERE id % 10 = 0")
    worker = company.worker()
    wait_until(lambda: frozen, what="the worker is frozen")
    company.worker()
    wait_until(lambda: company.number_of(MARKED) == 1, what="the frozen one's mail is in doubt")
    company.execute("UPDATE campaigns_message SET state = 'queued', due_at = now() WHERE state = 'held'")
    company.mail.wait_for(OUTBOX_MESSAGES, seconds=CAP_SECONDS)
    os.killpg(worker.pid, signal.SIGCONT)
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures("worker frozen past its lease", f"{OUTBOX_MESSAGES} mails", 1, account)
    assert account.lost == 0
    assert account.repeated <= account.marked == 1
