"""Mails a second from due rows to a mail server that takes everything, with 1 and with 2 workers, beside raw SMTP to
the same server in the same run; and where the time of a mail goes.

    python -m bench.send [--mails 6000]

Gate, personalisation and record are included: each mail is asked about by itself, filled for its customer and written
down. The workers have sent a few before the clock starts, as workers that run for weeks have. Aim: 1,200 mails/s with
two workers. Starts a PostgreSQL of its own and ends by itself."""

import argparse
import cProfile
import os
import pstats
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

from bench.services import ROOT, expect, process, services

AIM = 1200
_WORKER = """
import django; django.setup()
import sys, time
from django.utils import timezone
from apps.campaigns.actions import delivering
delivering.deliver_due(now=timezone.now())
print("warm", flush=True)
sys.stdin.readline()
while delivering.deliver_due(now=timezone.now()): pass
print("done", flush=True)
sys.stdin.readline()
"""


@contextmanager
def sink() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with process("-m", "bench.sink", str(port)):
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port


def raw(port: int, number: int) -> float:
    """Mails a second of smtplib over one connection kept open, the same bytes each time."""
    body = b"Subject: Thank you\r\n\r\n" + b"x" * 70 * 50
    with smtplib.SMTP("127.0.0.1", port) as connection:
        connection.ehlo()
        start = time.perf_counter()
        for n in range(number):
            connection.mail("shop@fernhill.example")
            connection.rcpt(f"c{n}@mail.example")
            connection.data(body)
        return number / (time.perf_counter() - start)


CAMPAIGN = {
    "name": "Bench", "trigger": {"on": "manual"}, "reentry": "every_time",
    "steps": [{"message": {"channel": "email", "topic": "service",
                           "subject": "Thank you, {{ customer.first_name | default: 'friend' }}",
                           "body": "Hello {{ customer.first_name | default: 'friend' }},\n\nthank you for your order. "
                                   "Your plan is {{ customer.plan }}.\n\nIt was a pleasure.\nThe shop"}}],
}  # fmt: skip


def queue(number: int) -> None:
    """That many customers, each with a message that is due now."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by then

    from apps.campaigns import wire  # noqa: PLC0415
    from apps.campaigns.actions import campaigns, running  # noqa: PLC0415
    from apps.campaigns.models import Campaign  # noqa: PLC0415
    from apps.customers.models import Customer  # noqa: PLC0415

    now = timezone.now()
    made = Campaign.objects.filter(name="Bench").first()
    if made is None:
        made = campaigns.import_text(text=wire.read(CAMPAIGN))
        campaigns.activate(campaign=made, include_present=False, now=now)
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:number])
    campaigns.enrol_by_hand(campaign=made, customer_ids=ids, now=now, key=str(now.timestamp()))
    while running.run_due(now=now):
        pass


def deliver(workers: int, number: int) -> float:
    """Mails a second from the moment when all workers are told to begin."""
    from apps.campaigns.actions import delivering  # noqa: PLC0415
    from apps.campaigns.models import Message  # noqa: PLC0415

    queue(workers * delivering.CLAIM_SIZE)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    running = [subprocess.Popen([sys.executable, "-c", _WORKER], **pipes) for _ in range(workers)]
    _each_says(running, "warm")
    queue(number)
    before = Message.objects.filter(state="sent").count()
    start = time.perf_counter()
    _tell(running)
    _each_says(running, "done")
    seconds = time.perf_counter() - start
    _tell(running)
    for one in running:
        one.wait(60)
    sent = Message.objects.filter(state="sent").count() - before
    expect(sent == number, f"{sent} of {number} were sent")
    return number / seconds


def _tell(workers: "list[subprocess.Popen[str]]") -> None:
    for one in workers:
        assert one.stdin is not None  # noqa: S101 - it is a pipe
        one.stdin.write("go on\n")
        one.stdin.flush()


def _each_says(workers: "list[subprocess.Popen[str]]", word: str) -> None:
    for one in workers:
        assert one.stdout is not None  # noqa: S101 - it is a pipe
        said = one.stdout.readline().strip()
        expect(said == word, f"a worker said {said!r}")


def where_the_time_goes(number: int) -> str:
    from django.utils import timezone  # noqa: PLC0415

    from apps.campaigns.actions import delivering  # noqa: PLC0415

    queue(number)
    profile = cProfile.Profile()
    profile.enable()
    while delivering.deliver_due(now=timezone.now()):
        pass
    profile.disable()
    stats = pstats.Stats(profile).get_stats_profile().func_profiles
    total = pstats.Stats(profile).total_tt  # type: ignore[attr-defined]
    wanted = {"gate, its facts": "of_message", "filling": "fill", "building the mail": "build",
              "handing over": "send", "marking and recording": "_mark", "locks": "_locked"}  # fmt: skip
    shares = [
        f"{label} {100 * max((f.cumtime for n, f in stats.items() if n == name), default=0) / total:.0f} %"
        for label, name in wanted.items()
    ]
    return ", ".join(shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=6000)
    options = parser.parse_args()
    with services(), sink() as port:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        django.setup()
        from bench.people import fill  # noqa: PLC0415

        fill(options.mails, options.mails)
        base = raw(port, options.mails)
        print(f"raw SMTP to the same server: {base:,.0f} mails/s")
        two = 0.0
        for workers in (1, 2):
            two = deliver(workers, options.mails)
            print(f"{workers} worker(s): {two:,.0f} mails/s, {two / base:.2f} of raw")
        print(f"one worker's time: {where_the_time_goes(min(options.mails, 2000))}")
        print(f"aim with two workers: {AIM:,} mails/s, reached {two / AIM:.2f} of it")
        sys.exit(two < AIM)


if __name__ == "__main__":
    main()
