from celery import shared_task
from django.utils import timezone

from apps.customers.actions import segments, standing


@shared_task(name="customers.keep_segments")
def keep_segments() -> None:
    standing.keep(now=timezone.now())
    segments.keep(now=timezone.now())


@shared_task(name="customers.sweep_former")
def sweep_former() -> None:
    standing.sweep_former(now=timezone.now())
