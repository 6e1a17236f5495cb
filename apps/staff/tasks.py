from celery import shared_task
from django.utils import timezone

from apps.staff.actions import needs, notices


@shared_task(name="staff.mail_notices")
def mail_notices() -> None:
    notices.mail_due(now=timezone.now())


@shared_task(name="staff.look_for_needs")
def look_for_needs() -> None:
    needs.look(now=timezone.now())
