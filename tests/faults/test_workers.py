"""Workers that are killed, and workers that are asked to stop, while mails go out."""

import random
import signal
from collections import defaultdict

import pytest

from tests.faults.conftest import IS_LONG
from tests.faults.ground import CAP_SECONDS, wait_until

pytestmark = pytest.mark.faults

OPEN = "SELECT count(*) FROM campaigns_message WHERE state <> 'sent'"


def test_killed(install) -> None:
    mails, kills = (1000, 10) if IS_LONG else (150, 3)
    company = install(lease_seconds=6)
    batches = 20 if IS_LONG else 3
    company.beat()
    seed = company.seed(f"trickle(batches={batches}, size={mails // batches}, pause=0.2)")
    worker = company.worker()
    for _ in range(kills):
        before = len(company.mail.mails)
        company.mail.wait_for(before + random.randint(1, mails // (kills + 2)), seconds=CAP_SECONDS)
        worker.send(signal.SIGKILL)
        worker.wait(CAP_SECONDS)
        print("killed at", len(company.mail.mails), company.rows("select state, count(*), count(*) filter (where is_uncertain) from campaigns_message group by 1"))
        worker = company.worker()
    wait_until(lambda: company.number_of("SELECT count(*) FROM campaigns_message WHERE state = 'sent'") == mails, what="all sent")
    by = defaultdict(list)
    for mail in company.mail.mails:
        by[mail.recipient].append(mail.message_id)
    marked = company.number_of("SELECT count(*) FROM campaigns_message WHERE is_uncertain")
    print("lost", mails - len(by), "repeated", len(company.mail.mails) - len(by), "marked", marked)
    assert 0
