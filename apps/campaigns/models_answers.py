"""What comes back: links that were followed, and sign-ups that wait for their confirmation."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from apps.campaigns.enums import Way
from apps.campaigns.models_sending import Message
from apps.customers.models import BYTES, Customer, Topic

CONFIRM_WITHIN = timedelta(hours=72)


class ClickQuerySet(models.QuerySet["Click"]):
    def by_people(self) -> Self:
        """Only those that are certain: the others may turn out to be a machine's."""
        return self.filter(is_machine=False, judged_at__isnull=False)

    def to_be_judged(self) -> Self:
        return self.filter(judged_at=None)


class Click(models.Model):
    """One link of one message was followed, the first time by a machine and the first time by a person. What is not
    judged yet may be one of many links that a scanner opens at once."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="clicks", db_index=False)
    digest = models.CharField(max_length=32)  # of the address
    url = models.CharField(max_length=2000)
    at = models.DateTimeField()
    is_machine = models.BooleanField(default=False)
    judged_at = models.DateTimeField(null=True)

    objects = ClickQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "digest", "is_machine"], name="click_once"),
            models.CheckConstraint(
                condition=Q(is_machine=False) | Q(judged_at__isnull=False), name="click_of_machine_is_judged"
            ),
        ]
        indexes = [models.Index(fields=["at"], name="click_to_be_judged", condition=Q(judged_at=None))]

    def __str__(self) -> str:
        return self.url


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def waiting(self, now: datetime) -> Self:
        return self.filter(confirmed_at=None, expires_at__gt=now)


class Confirmation(models.Model):
    """Somebody typed an address and wants messages of a topic; whoever reads that address has to say so too. No
    customer is made before."""

    address = models.CharField(max_length=320, db_collation=BYTES)
    channel = models.CharField(max_length=20, choices=Way.choices)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    # Whom staff asked. They say yes also where others have the same address.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="+")
    wording = models.CharField(max_length=300)  # what was agreed to, word for word
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    mail_due_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["address", "-asked_at"], name="confirmation_address"),
            models.Index(fields=["mail_due_at"], name="confirmation_mail_due", condition=Q(mail_due_at__isnull=False)),
            models.Index(fields=["asked_at"], name="confirmation_age"),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"
