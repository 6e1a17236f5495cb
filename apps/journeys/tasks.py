from celery import shared_task
from django.utils import timezone

from apps.journeys.actions import progress


@shared_task(name="journeys.look_again")
def look_again() -> None:
    while progress.request_look(now=timezone.now()):
        pass
