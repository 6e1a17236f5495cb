from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.enums import Origin


class CompanySettings(models.Model):
    """What the firm that runs Milepost decides for itself. One row."""

    name = models.CharField(_("company name"), max_length=200, default="My company")
    postal_address = models.TextField(
        _("postal address"),
        blank=True,
        help_text=_("Stands at the foot of every message; the law asks for it."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    sender_name = models.CharField(_("sender name"), max_length=200, blank=True)
    sender_email = models.EmailField(_("sender e-mail"), default="hello@example.com")

    class Meta:
        verbose_name = _("company settings")
        verbose_name_plural = _("company settings")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="company_settings_one_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Self:
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class ChangeQuerySet(models.QuerySet["Change"]):
    def due(self, now: datetime) -> Self:
        return self.filter(Q(due_at=None) | Q(due_at__lte=now))

    def for_customers(self, customer_ids: list[int]) -> Self:
        return self.filter(customer_id__in=customer_ids)


class Change(models.Model):
    """One entry of the change queue: something happened to a customer. Plain ids and no foreign keys, because
    writing it must cost next to nothing; written in the transaction of its cause, deleted by the pass that handled
    it."""

    customer_id = models.BigIntegerField()
    interaction_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    priority = models.SmallIntegerField(db_default=0)
    attempts = models.SmallIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True)  # at once
    error = models.TextField(db_default="")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["priority", "id"], name="change_claim"),
            models.Index(fields=["customer_id"], name="change_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} change of customer {self.customer_id}"
