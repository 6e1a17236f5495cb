"""A real worker takes wake-ups from Valkey and from RabbitMQ: the pipeline, a job, and the sweep that finds what a lost
wake-up left behind."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from kombu import Connection

from apps.core import jobs, registry
from apps.core.enums import JobState
from apps.core.models import Change, Job
from apps.customers.actions import standing
from apps.customers.models import Customer
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)
RABBITMQ = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")
MOST_SECONDS = 90


def answers(url: str) -> bool:
    host, _colon, port = url.rpartition("@")[2].strip("/").partition(":")
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, int(port or 5672))) == 0


@pytest.fixture(params=["valkey", "rabbitmq"])
def broker(request) -> str:
    if request.param == "valkey":
        return str(settings.CELERY_BROKER_URL)
    if not answers(RABBITMQ):
        pytest.skip(f"no RabbitMQ at {RABBITMQ.rpartition('@')[2]}; set TEST_AMQP_URL to test against one")
    return RABBITMQ


@contextmanager
def worker(broker: str):
    """Works on the database of this test."""
    name = connection.settings_dict["NAME"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{name}"))
    env = os.environ | {"CELERY_BROKER_URL": broker, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    arguments = ["-P", "threads", "-c", "2", "-Q", "pipeline,jobs", "--without-mingle", "--without-gossip"]
    started = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", *arguments, "--loglevel", "ERROR"],
        env=env, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        started.terminate()
        started.wait(60)


def wait_until(holds, what: str) -> None:
    until = time.monotonic() + MOST_SECONDS
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def test_a_worker_takes_wake_ups(broker):
    at = datetime.now(UTC)
    customer = CustomerFactory(last_activity_at=at)
    log.record(customer_id=customer.pk, event="Order Completed", by=By.CUSTOMER, channel=Channel.WEB, at=at,
               received_at=at, message_id="order")  # fmt: skip
    job = jobs.start(kind=standing.JOB, title="Look", user_id=None)
    assert job.kind in registry.job_kinds
    # The connection is named, because Celery takes CELERY_BROKER_URL of the environment before what it is told.
    with worker(broker), Connection(broker) as to_broker:
        for task, queue in (("core.run_pipeline", "pipeline"), ("core.run_jobs", "jobs")):
            current_app.send_task(task, queue=queue, connection=to_broker)
        wait_until(lambda: not Change.objects.exists(), "the change was handled")
        wait_until(lambda: Job.objects.get(pk=job.pk).state == JobState.DONE, "the job was done")
    assert Customer.objects.get(pk=customer.pk).status == "customer"
