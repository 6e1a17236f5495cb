import secrets
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.enums import Origin
from apps.customers.models import Customer
from apps.touchpoints.enums import By, Channel, Ownership, SourceKind


def make_write_key() -> str:
    return f"wk_{secrets.token_urlsafe(24)}"


@pghistory.track(exclude=["write_key", "first_event_at"])
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


@pghistory.track()
class Touchpoint(models.Model):
    """A place or moment where customers can meet the brand. `rules` says which interactions happened there: a list of
    entries, any of which matches (see matching.py)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=500, blank=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    ownership = models.CharField(_("ownership"), max_length=6, choices=Ownership.choices, default=Ownership.OWNED)
    is_direct = models.BooleanField(_("direct"), default=True)
    rules = models.JSONField(_("rules"), default=list, blank=True)
    is_moment_of_truth = models.BooleanField(_("moment of truth"), default=False)

    class Meta:
        verbose_name = _("touchpoint")
        verbose_name_plural = _("touchpoints")

    def __str__(self) -> str:
        return self.name

    @property
    def channel_icon(self) -> str:
        return Channel(self.channel).icon


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
        # What is deleted is taken off its interactions by a job: without an index each deletion reads the whole log.
        Touchpoint,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
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


class TouchpointDay(models.Model):
    """How many interactions happened at a touchpoint on a day (UTC): a rollup kept by the pipeline. Each lane of the
    pipeline has a row of its own, so that passes never wait for one another; readers sum."""

    day = models.DateField()
    touchpoint = models.ForeignKey(
        Touchpoint, on_delete=models.CASCADE, related_name="days", db_constraint=False, db_index=False
    )
    lane = models.SmallIntegerField()
    interactions = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "touchpoint", "lane"], name="touchpoint_day_once")]

    def __str__(self) -> str:
        return f"{self.touchpoint_id} on {self.day}"


class SeenEvent(models.Model):
    """An event that was received on a channel: what the editors of rules suggest. `count` is of what was read."""

    event = models.CharField(max_length=200)
    channel = models.CharField(max_length=20)
    last_at = models.DateTimeField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "channel"], name="seen_event_once")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="seen_event_latest")]

    def __str__(self) -> str:
        return self.event


class SeenProperty(models.Model):
    """A property that came with an event, such as `properties.price`; `values` holds only what several customers had,
    because a value of one person may say who that is."""

    event = models.CharField(max_length=200)
    path = models.CharField(max_length=120)
    kinds = models.JSONField(default=list)
    values = models.JSONField(default=list)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "path"], name="seen_property_once")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="seen_property_latest")]

    def __str__(self) -> str:
        return f"{self.path} of {self.event}"


class VocabularyCursor(models.Model):
    """How far the log has been read for its vocabulary. One row. What becomes visible behind it is missed, which only
    costs a suggestion."""

    interaction_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="vocabulary_cursor_one_row")]

    def __str__(self) -> str:
        return str(self.interaction_id)
