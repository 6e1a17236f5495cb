from celery import shared_task
from django.utils import timezone

from apps.journeys.actions import progress, reviewing


@shared_task(name="journeys.look_again")
def look_again() -> None:
    while progress.request_look(now=timezone.now()):
        pass


@shared_task(name="journeys.remind_of_reviews")
def remind_of_reviews() -> None:
    reviewing.remind(now=timezone.now())
