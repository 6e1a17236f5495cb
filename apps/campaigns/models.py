import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState, Reentry, StepKind, TriggerKind
from apps.customers.models import BYTES, Customer, Topic
from apps.feedback.models import Invitation
from apps.journeys.models import Journey
from apps.touchpoints.enums import Channel


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def active(self) -> Self:
        return self.filter(state=CampaignState.ACTIVE)


class Campaign(models.Model):
    """Trigger, audience, steps, exit and goal."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="campaigns")
    state = models.CharField(max_length=8, choices=CampaignState.choices, default=CampaignState.DRAFT)
    trigger = models.CharField(max_length=13, choices=TriggerKind.choices)
    stage_key = models.UUIDField()
    audience = models.JSONField(default=dict, blank=True)
    exit_rule = models.JSONField(default=dict, blank=True)
    goal_rule = models.JSONField(default=dict, blank=True)
    goal_within_days = models.PositiveIntegerField(null=True, blank=True)
    reentry = models.CharField(max_length=10, choices=Reentry.choices, default=Reentry.ONCE)
    cool_down_days = models.PositiveIntegerField(null=True, blank=True)
    max_lateness_hours = models.FloatField(default=24)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reentry=Reentry.COOL_DOWN) | Q(cool_down_days__gt=0),
                name="campaign_cool_down_has_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignStep(models.Model):
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=14, choices=StepKind.choices)
    settings = models.JSONField(default=dict)
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "position"],
                name="campaign_step_position",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.position + 1}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def active(self) -> Self:
        return self.filter(state=EnrolmentState.ACTIVE)

    def due(self, now: datetime) -> Self:
        return self.active().filter(due_at__lte=now, campaign__state=CampaignState.ACTIVE)


class Enrolment(models.Model):
    """One customer's run through one campaign, for one cause."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="enrolments")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="enrolments")
    entry_key = models.CharField(max_length=100)
    is_only_live = models.BooleanField(default=False)  # re-entry after_exit: one active run at a time
    entry_id = models.BigIntegerField(null=True)
    cause_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=EnrolmentState.choices, default=EnrolmentState.ACTIVE)
    position = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    exit_reason = models.CharField(max_length=100, blank=True)
    goal_reached_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer", "entry_key"], name="enrolment_once_a_cause"),
            models.UniqueConstraint(
                fields=["campaign", "customer"],
                condition=Q(state=EnrolmentState.ACTIVE, is_only_live=True),
                name="enrolment_one_live",
            ),
            models.CheckConstraint(
                condition=Q(state=EnrolmentState.ACTIVE, ended_at=None)
                | (~Q(state=EnrolmentState.ACTIVE) & Q(ended_at__isnull=False)),
                name="enrolment_ended_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="enrolment_due", condition=Q(state=EnrolmentState.ACTIVE)),
            models.Index(fields=["entry_id"], name="enrolment_cause", condition=Q(state=EnrolmentState.ACTIVE)),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> Self:
        return self.filter(state=MessageState.QUEUED, due_at__lte=now)

    def expired(self, now: datetime) -> Self:
        return self.filter(state__in=[MessageState.CLAIMED, MessageState.SENDING], lease_until__lt=now)


class Message(models.Model):
    """One row of the outbox, to one recipient on one channel. `key` is made of stable facts (enrolment and step), and
    Message-ID of it, so that every attempt is recognisable as the same message."""

    key = models.CharField(max_length=100, unique=True)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="messages")
    step = models.ForeignKey(CampaignStep, on_delete=models.PROTECT, related_name="messages")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages")
    invitation = models.OneToOneField(Invitation, null=True, on_delete=models.SET_NULL, related_name="message")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=320, blank=True)
    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.QUEUED)
    reason = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    is_uncertain = models.BooleanField(default=False)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    provider = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[MessageState.SKIPPED, MessageState.FAILED]) | ~Q(reason=""),
                name="message_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=MessageState.SENT) | Q(sent_at__isnull=False), name="message_sent_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="message_due", condition=Q(state=MessageState.QUEUED)),
            models.Index(
                fields=["lease_until"],
                name="message_leased",
                condition=Q(state__in=[MessageState.CLAIMED, MessageState.SENDING]),
            ),
            models.Index(fields=["-created_at", "-id"], name="message_latest"),
        ]

    def __str__(self) -> str:
        return self.key


class Suppression(models.Model):
    """An address that is never written to. Kept folded; outlives the customer."""

    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(_("address"), max_length=320, db_collation=BYTES)
    reason = models.CharField(_("reason"), max_length=300)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="suppression_once")]

    def __str__(self) -> str:
        return self.address
