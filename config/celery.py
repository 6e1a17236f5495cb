"""Celery only says "look now". Everything that matters is a row: no ETA, countdown, retry, chord or result."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("milepost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    task_soft_time_limit=90,
    task_time_limit=120,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="pipeline",
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=app.conf.broker_url.startswith(("redis", "unix")),
    worker_max_tasks_per_child=5000,
    worker_max_memory_per_child=300_000,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    broker_transport_options=(
        {"confirm_publish": True}
        if app.conf.broker_url.startswith("amqp")
        else {"visibility_timeout": 300, "health_check_interval": 25, "socket_keepalive": True}
    ),
)
app.autodiscover_tasks()

# Sweeps: what a lost wake-up left behind is found within seconds. Ticks are idempotent; two beats do no harm.
app.conf.beat_schedule = {
    "pipeline": {
        "task": "core.run_pipeline",
        "schedule": 5.0,
        "options": {"queue": "pipeline", "expires": 10},
    },
    "journeys-look-again": {
        "task": "journeys.look_again",
        "schedule": 10.0,
        "options": {"queue": "pipeline", "expires": 20},
    },
    "campaigns-run": {
        "task": "campaigns.run_due",
        "schedule": 5.0,
        "options": {"queue": "run", "expires": 10},
    },
    "campaigns-deliver": {
        "task": "campaigns.deliver_due",
        "schedule": 5.0,
        "options": {"queue": "deliver", "expires": 10},
    },
}
