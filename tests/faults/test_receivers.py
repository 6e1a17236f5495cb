"""Receivers that refuse, hang up and stall: what may come later comes, what was refused for good is left to staff, and
one bad recipient holds up nobody."""

import random
import time
from collections import Counter

import pytest

from tests.faults.conftest import IS_LONG, OUTBOX_MESSAGES
from tests.faults.ground import CAP_SECONDS, OUTBOX, Account, Installation
from tests.faults.report import figures

pytestmark = pytest.mark.faults

LEASE = 6  # a message has a third of it, so two seconds
STALLS = LEASE / 2
EACH = 100 if IS_LONG else 5
FEW = 10 if IS_LONG else 2  # of those that cost seconds each
UNFINISHED = "SELECT count(*) FROM campaigns_message WHERE state NOT IN ('sent', 'failed')"
COMES, REFUSED, DOUBTFUL = "comes later", "refused for good", "in doubt"
MAIL = {"421": COMES, "450": COMES, "550": REFUSED, "552": REFUSED, "554": REFUSED, "drop": DOUBTFUL, "stall": DOUBTFUL}
SMS = {"429": COMES, "500": COMES, "400": REFUSED, "drop": DOUBTFUL, "stall": DOUBTFUL}
CALLS = {"429": COMES, "500": COMES, "404": REFUSED, "drop": DOUBTFUL, "stall": DOUBTFUL}
WORDS = {"drop": "hangs up after the last byte", "stall": "does not answer in time"}


def address(way: str, number: int) -> str:
    return f"+49151{number:08}" if way == "sms" else f"c{number}@example.com"


def moods(way: str, kinds: dict[str, str]) -> dict[str, str]:
    """By recipient what the receiver does at the first attempt."""
    numbers = random.sample(range(OUTBOX_MESSAGES), OUTBOX_MESSAGES)
    found: dict[str, str] = {}
    for kind in kinds:
        for _ in range(FEW if kind in WORDS else EACH):
            found[address(way, numbers.pop())] = kind
    return found


def settle(company: Installation) -> None:
    """What waits for its next attempt, or for a provider's pause to end, is due at once; minutes pass in seconds."""
    deadline = time.monotonic() + CAP_SECONDS
    while company.number_of(UNFINISHED):
        assert time.monotonic() < deadline, company.rows("SELECT state, reason FROM campaigns_message LIMIT 5")
        company.execute("UPDATE campaigns_message SET due_at = now() WHERE state = 'queued' AND due_at > now()")
        company.execute("UPDATE campaigns_provider SET open_until = NULL")
        time.sleep(0.5)


@pytest.mark.parametrize(("way", "kinds"), [("email", MAIL), ("sms", SMS), ("webhook", CALLS)])
def test_in_a_bad_mood(install, way: str, kinds: dict[str, str]) -> None:
    mood, asked = moods(way, kinds), Counter[str]()

    def answers(recipient: str) -> str:
        asked[recipient] += 1
        kind = mood.get(recipient, "")
        return kind if kind != "stall" and (asked[recipient] == 1 or kinds.get(kind) == REFUSED) else ""

    def takes(recipient: str) -> float:
        is_first = mood.get(recipient) == "stall" and asked[recipient] == 1
        return STALLS if is_first else random.uniform(0, 0.005)

    company = install(OUTBOX[way], lease_seconds=LEASE, answers=answers, takes=takes)
    company.worker()
    company.worker()
    settle(company)
    account = company.account()
    refused = {recipient for recipient, kind in mood.items() if kinds[kind] == REFUSED}
    times = Counter(mail.recipient for mail in company.came)
    doubtful = {recipient for recipient, kind in mood.items() if kinds[kind] == DOUBTFUL}
    for kind, fate in kinds.items():
        of_kind = {recipient for recipient, one in mood.items() if one == kind}
        lost = sum(times[recipient] == 0 for recipient in of_kind) if fate != REFUSED else 0
        repeated = sum(max(times[recipient] - 1, 0) for recipient in of_kind)
        marked = len(of_kind) if fate == DOUBTFUL else 0
        said = WORDS.get(kind, f"answers {kind}")
        figures(f"receiver {said}, {way}", f"{len(of_kind)} of {OUTBOX_MESSAGES}: {fate}", 1,
                Account(lost, repeated, marked))  # fmt: skip
        assert lost == 0, kind
    failed = company.number_of("SELECT count(*) FROM campaigns_message WHERE state = 'failed' AND reason <> ''")
    assert failed == len(refused)
    assert len(times) == OUTBOX_MESSAGES - len(refused)
    assert refused.isdisjoint(times)
    assert {recipient for recipient, count in times.items() if count > 1} <= doubtful
    assert account == Account(0, account.repeated, len(doubtful))
    assert account.repeated <= len(doubtful)


@pytest.mark.parametrize(("way", "no"), [("email", "550"), ("sms", "400"), ("webhook", "404")])
def test_one_bad_recipient(install, way: str, no: str) -> None:
    bad = address(way, random.randrange(OUTBOX_MESSAGES))
    company = install(OUTBOX[way], answers=lambda recipient: no if recipient == bad else "")
    company.worker()
    company.wait_until_sent(OUTBOX_MESSAGES - 1)
    account = company.account()
    figures(f"one bad recipient, {way}", f"1 of {OUTBOX_MESSAGES}", 1, account)
    assert account == Account(0, 0, 0)
    [(state, attempt)] = company.rows("SELECT state, attempt FROM campaigns_message WHERE state <> 'sent'")
    assert (state, attempt) == ("failed", 0)
    assert bad not in {mail.recipient for mail in company.came}
