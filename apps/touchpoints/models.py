import secrets
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.enums import Origin
from apps.customers.models import Customer
from apps.touchpoints.enums import By, Channel, SourceKind


def make_write_key() -> str:
    return f"wk_{secrets.token_urlsafe(24)}"


class Source(models.Model):
    """Where interactions come from. The write key of a browser source is public."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=SourceKind.choices, default=SourceKind.SERVER)
    write_key = models.CharField(max_length=60, unique=True, default=make_write_key, editable=False)
    channel = models.CharField(
        _("channel"),
        max_length=20,
        choices=Channel.choices,
        default=Channel.WEB,
        help_text=_("Taken where neither the event nor its library says another."),
    )
    is_active = models.BooleanField(_("takes events"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    first_event_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.name


class Touchpoint(models.Model):
    """A place or moment where customers can meet the brand."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    event = models.CharField(
        _("event"), max_length=200, blank=True, help_text=_("Interactions of this event happened here.")
    )
    is_moment_of_truth = models.BooleanField(_("moment of truth"), default=False)

    class Meta:
        verbose_name = _("touchpoint")
        verbose_name_plural = _("touchpoints")

    def __str__(self) -> str:
        return self.name


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def for_customer(self, customer: Customer) -> Self:
        return self.filter(customer=customer)

    def by_customers(self) -> Self:
        return self.filter(by=By.CUSTOMER)


class Interaction(models.Model):
    """The log: one thing that one customer did or that happened to them. Content is never changed; a wrong entry is
    retracted by a second row, a merge rewrites the customer."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interactions", db_index=False)
    # No constraint in the database: each insert would lock the one row of its source, which is never deleted.
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    message_id = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    event = models.CharField(max_length=200)
    by = models.CharField(max_length=8, choices=By.choices, db_default=By.CUSTOMER)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    touchpoint = models.ForeignKey(
        Touchpoint, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    origin = models.CharField(max_length=8, choices=Origin.choices, db_default=Origin.LIVE)
    properties = models.JSONField(db_default=models.Value({}, models.JSONField()))
    context = models.JSONField(db_default=models.Value({}, models.JSONField()))

    objects = InteractionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="interaction_once")]
        indexes = [models.Index(fields=["customer", "-occurred_at", "-id"], name="interaction_timeline")]

    def __str__(self) -> str:
        return self.event


class RefusedItem(models.Model):
    """An item that could not be taken, with the reason, so that nothing is lost silently."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="refused_items")
    received_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    item = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["source", "-received_at", "-id"], name="refused_latest")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="refused_with_reason")]

    def __str__(self) -> str:
        return self.reason
