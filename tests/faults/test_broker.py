"""The broker forgets everything, again and again, while events arrive and mails go out."""

import random
import time

import pytest

from tests.faults.conftest import IS_LONG
from tests.faults.ground import wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults


def test_emptied_and_restarted(install) -> None:
    batches, size, times = (20, 50, 10) if IS_LONG else (5, 30, 3)
    company = install()
    company.worker()
    company.arrive(first=0, batches=batches, size=size, pause=0.5)
    wait_until(lambda: company.number_of("SELECT count(*) FROM touchpoints_interaction"), what="events arrive")
    for _ in range(times):
        time.sleep(random.uniform(0.5, 2))
        company.ground.empty_broker()
        time.sleep(random.uniform(0, 1))
        company.ground.empty_broker()
        company.ground.restart_broker()
    company.wait_until_sent(batches * size)
    company.wait_until_handled()
    account = company.account()
    figures("broker emptied, killed (-9), started", f"{batches * size} mails", times, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)
    assert company.number_of("SELECT count(*) FROM journeys_stageentry") == batches * size
