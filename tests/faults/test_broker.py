"""The broker forgets everything, again and again, while events arrive and mails go out."""

import random
import time
from pathlib import Path

import pytest

from apps.core.embedded.supervisor import Supervisor
from tests.faults.conftest import IS_LONG
from tests.faults.ground import CAP_SECONDS, CHANGES, EVENTS, SENT, wait_until
from tests.faults.report import figures

pytestmark = pytest.mark.faults


def test_emptied_and_restarted(install, tmp_path: Path) -> None:
    """The worker runs as in production, under a supervisor: a worker of Celery 5.7 that loses the broker with a task in
    hand ends itself now and then."""
    batches, size, times = (100, 100, 10) if IS_LONG else (5, 30, 3)
    mails, ends = batches * size, list[str]()
    company = install()
    with Supervisor(tmp_path, say=ends.append) as supervisor:
        supervisor.start(company.worker_program())
        company.arrive(first=0, batches=batches, size=size, pause=0.5)
        wait_until(lambda: company.number_of(EVENTS), what="events arrive")
        for _ in range(times):
            supervisor.wait_until(lambda: False, seconds=random.uniform(0.5, 2))
            company.ground.empty_broker()
            time.sleep(random.uniform(0, 1))
            company.ground.empty_broker()
            company.ground.restart_broker()
        assert supervisor.wait_until(lambda: company.number_of(SENT) == mails, seconds=CAP_SECONDS)
        assert supervisor.wait_until(lambda: company.number_of(CHANGES) == 0, seconds=CAP_SECONDS)
    account = company.account()
    work = f"{mails} mails; ends of the worker itself: {len(ends)}"
    figures("broker emptied, killed (-9) and started", work, times, account)
    assert (account.lost, account.repeated, account.marked) == (0, 0, 0)
    assert company.number_of("SELECT count(*) FROM journeys_stageentry") == mails
