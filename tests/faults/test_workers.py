"""Workers that are killed, asked to stop or frozen while mails go out."""

import os
import random
import signal

import pytest

from tests.faults.conftest import IS_LONG, OUTBOX_MESSAGES
from tests.faults.ground import CAP_SECONDS, IN_HAND, OUTBOX, Installation, wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults

MAILS, TIMES = (10_000, 10) if IS_LONG else (150, 3)
NAMES = {"email": "mails", "sms": "SMS", "webhook": "calls"}
MARKED = "SELECT count(*) FROM campaigns_message WHERE is_uncertain"


def mails_on_their_way(company: Installation) -> None:
    """From events to mails, all the way: the customers arrive while the workers work."""
    batches = 100 if IS_LONG else 3
    company.arrive(first=0, batches=batches, size=MAILS // batches, pause=0.2)


def wait_for_a_random_moment(company: Installation) -> None:
    """This worker has sent something; so many moments of this kind end before the mails do."""
    sent = len(company.came) + random.randint(1, OUTBOX_MESSAGES // (TIMES + 1))
    wait_until(lambda: len(company.came) >= sent, what=f"{sent} messages came")


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
    figures("worker killed (-9), email", f"{MAILS} mails", TIMES, account)
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
    figures("worker stopped (SIGTERM), email", f"{MAILS} mails", TIMES, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)


@pytest.mark.parametrize("way", ["sms", "webhook"])
def test_killed_while_others_go_out(install, way: str) -> None:
    company = install(OUTBOX[way], lease_seconds=6)
    worker = company.worker()
    for _ in range(TIMES):
        wait_for_a_random_moment(company)
        worker.send(signal.SIGKILL)
        assert worker.wait(CAP_SECONDS) == -signal.SIGKILL
        worker = company.worker()
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures(f"worker killed (-9), {way}", f"{OUTBOX_MESSAGES} {NAMES[way]}", TIMES, account)
    assert account.lost == 0
    assert account.repeated <= account.marked <= TIMES


@pytest.mark.parametrize("way", ["sms", "webhook"])
def test_asked_to_stop_while_others_go_out(install, way: str) -> None:
    company = install(OUTBOX[way])
    worker = company.worker()
    for _ in range(TIMES):
        wait_for_a_random_moment(company)
        worker.send(signal.SIGTERM)
        assert worker.wait(CAP_SECONDS) == 0, company.log("worker")
        assert company.number_of(IN_HAND) == 0
        worker = company.worker()
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures(f"worker stopped (SIGTERM), {way}", f"{OUTBOX_MESSAGES} {NAMES[way]}", TIMES, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)


@pytest.mark.parametrize("way", list(OUTBOX))
def test_two_beats_and_two_workers(install, way: str) -> None:
    """Every hint comes twice, and each is taken up by whoever is free."""
    company = install(OUTBOX[way])
    company.children.append(company.ground.beat("second-beat"))
    company.worker()
    company.worker()
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures(f"two beats, {way}", f"{OUTBOX_MESSAGES} {NAMES[way]} by 2 workers", 1, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)


@pytest.mark.parametrize("way", list(OUTBOX))
def test_frozen_past_its_lease(install, way: str) -> None:
    """Nobody waits for it; the message in its hand may come twice, recognisably."""
    frozen: list[str] = []

    def takes(recipient: str) -> float:
        if len(company.came) >= 20 and not frozen:
            frozen.append(recipient)
            os.killpg(worker.pid, signal.SIGSTOP)
        return 0.01

    company = install(OUTBOX[way], lease_seconds=6, takes=takes)
    company.execute("UPDATE campaigns_message SET state = 'held' WHERE id % 10 = 0")
    worker = company.worker()
    wait_until(lambda: frozen, what="the worker is frozen")
    company.worker()
    wait_until(lambda: company.number_of(MARKED) == 1, what="the frozen one's mail is in doubt")
    company.execute("UPDATE campaigns_message SET state = 'queued', due_at = now() WHERE state = 'held'")
    wait_until(lambda: len({mail.identity for mail in company.came}) == OUTBOX_MESSAGES, what="all came")
    os.killpg(worker.pid, signal.SIGCONT)
    company.wait_until_sent(OUTBOX_MESSAGES)
    account = company.account()
    figures(f"worker frozen past its lease (SIGSTOP), {way}", f"{OUTBOX_MESSAGES} {NAMES[way]}", 1, account)
    assert account.lost == 0
    assert account.repeated <= account.marked == 1
