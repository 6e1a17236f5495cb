"""Celery only says "look now". Everything that matters is a row: no ETA, countdown, retry, chord or result."""

import os
from typing import Any

import structlog
from celery import Celery, Task, signals
from django.conf import settings
from django.utils import log

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


@signals.setup_logging.connect(weak=False, dispatch_uid="config.logs")
def _set_up_logs(**_kwargs: Any) -> None:
    """Ours, whatever --loglevel says: LOG_LEVEL is the setting."""
    log.configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@signals.task_prerun.connect(weak=False, dispatch_uid="config.task")
def _name_the_task(task_id: str, task: Task[Any, Any], **_kwargs: Any) -> None:
    """On each line that the task causes."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


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
    "journeys-remind-of-reviews": {
        "task": "journeys.remind_of_reviews",
        "schedule": 3600.0,
        "options": {"queue": "jobs", "expires": 3600},
    },
    "jobs": {
        "task": "core.run_jobs",
        "schedule": 5.0,
        "options": {"queue": "jobs", "expires": 10},
    },
    "prune": {
        "task": "core.prune",
        "schedule": 3600.0,
        "options": {"queue": "jobs", "expires": 3600},
    },
    "tick": {
        "task": "core.tick",
        "schedule": 30.0,
        "options": {"queue": "pipeline", "expires": 60},
    },
    "customers-keep-segments": {
        "task": "customers.keep_segments",
        "schedule": 10.0,
        "options": {"queue": "jobs", "expires": 20},
    },
    "customers-sweep-former": {
        "task": "customers.sweep_former",
        "schedule": 600.0,
        "options": {"queue": "jobs", "expires": 600},
    },
    "staff-mail-notices": {
        "task": "staff.mail_notices",
        "schedule": 60.0,
        "options": {"queue": "pipeline", "expires": 60},
    },
    "staff-look-for-needs": {
        "task": "staff.look_for_needs",
        "schedule": 300.0,
        "options": {"queue": "pipeline", "expires": 300},
    },
    "touchpoints-note-vocabulary": {
        "task": "touchpoints.note_vocabulary",
        "schedule": 30.0,
        "options": {"queue": "jobs", "expires": 30},
    },
    "campaigns-run": {
        "task": "campaigns.run_due",
        "schedule": 5.0,
        "options": {"queue": "run", "expires": 10},
    },
    "campaigns-sweep": {
        "task": "campaigns.sweep",
        "schedule": 20.0,
        "options": {"queue": "run", "expires": 20},
    },
    "campaigns-deliver": {
        "task": "campaigns.deliver_due",
        "schedule": 5.0,
        "options": {"queue": "deliver", "expires": 10},
    },
    "campaigns-judge-clicks": {
        "task": "campaigns.judge_clicks",
        "schedule": 3.0,
        "options": {"queue": "pipeline", "expires": 5},
    },
    "campaigns-mail-confirmations": {
        "task": "campaigns.mail_confirmations",
        "schedule": 10.0,
        "options": {"queue": "pipeline", "expires": 10},
    },
    "campaigns-watch-rates": {
        "task": "campaigns.watch_rates",
        "schedule": 60.0,
        "options": {"queue": "pipeline", "expires": 60},
    },
}
