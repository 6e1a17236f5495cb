import uuid
from datetime import datetime
from typing import Self

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import CampaignState, EnrolmentState, Reentry, StepKind, TriggerKind
from apps.campaigns.models_answers import Click, Confirmation
from apps.campaigns.models_content import Brand, MailImage, Snippet, Template
from apps.campaigns.models_sending import Endpoint, Message, MessageQuerySet, Provider, Suppression
from apps.customers.models import Customer, Topic
from apps.journeys.models import Journey

__all__ = [
    "Brand",
    "Click",
    "Confirmation",
    "Endpoint",
    "MailImage",
    "Message",
    "MessageQuerySet",
    "Provider",
    "Snippet",
    "Suppression",
    "Template",
]


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def active(self) -> Self:
        return self.filter(state=CampaignState.ACTIVE)

    def live(self) -> Self:
        """Active or only paused: runs may be on the way."""
        return self.filter(state__in=[CampaignState.ACTIVE, CampaignState.PAUSED])

    def triggered_by(self, *kinds: TriggerKind) -> Self:
        return self.active().filter(trigger__in=kinds)


@pghistory.track(exclude=["swept_at"])
class Campaign(models.Model):
    """Trigger, audience, steps, exit and goal. `draft` is what people edit: the JSON of interface.md with a key on each
    step (see wire.py). The other fields are what is in force, as of `version`."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    state = models.CharField(max_length=8, choices=CampaignState.choices, default=CampaignState.DRAFT)
    paused_because = models.CharField(max_length=300, blank=True)
    draft = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)  # of the draft, so that nobody overwrites a newer one
    version = models.ForeignKey("CampaignVersion", null=True, on_delete=models.PROTECT, related_name="+")

    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="campaigns")
    trigger = models.CharField(max_length=15, choices=TriggerKind.choices)
    trigger_settings = models.JSONField(default=dict)
    stage_key = models.UUIDField(null=True)
    audience = models.JSONField(default=dict, blank=True)
    rechecks_audience = models.BooleanField(default=False)
    exit_rule = models.JSONField(default=dict, blank=True)
    goal_rule = models.JSONField(default=dict, blank=True)
    goal_within_days = models.PositiveIntegerField(null=True, blank=True)
    reentry = models.CharField(max_length=10, choices=Reentry.choices, default=Reentry.ONCE)
    cool_down_days = models.PositiveIntegerField(null=True, blank=True)
    max_lateness_hours = models.FloatField(default=24)
    holdout_percent = models.PositiveSmallIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=5, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    swept_at = models.DateTimeField(null=True)  # by the clock: triggers date and schedule
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
            models.CheckConstraint(condition=Q(holdout_percent__lte=90), name="campaign_holdout_leaves_some"),
            models.CheckConstraint(
                condition=Q(state__in=[CampaignState.DRAFT, CampaignState.ARCHIVED]) | Q(version__isnull=False),
                name="campaign_in_force_has_version",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_news(self) -> bool:
        """Whether the draft says something else than what is in force."""
        return self.version is None or self.version.text != self.draft


class CampaignVersion(models.Model):
    """What was published: never changed. Its steps are rows, so that runs and messages can refer to them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="campaign_version_once")]

    def __str__(self) -> str:
        return f"{self.campaign} v{self.number}"


class CampaignStep(models.Model):
    """One step of a version. Steps that branch say in `ways` where each way goes on; `next` is the position after this
    step, none at the end (see program.py). The key stays the same over versions."""

    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="steps")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveIntegerField()
    next = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=14, choices=StepKind.choices)
    settings = models.JSONField(default=dict)
    ways = models.JSONField(default=list)
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="campaign_step_position"),
            models.UniqueConstraint(fields=["version", "key"], name="campaign_step_key_once_a_version"),
        ]
        indexes = [models.Index(fields=["key"], name="campaign_step_key")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.position + 1}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def active(self) -> Self:
        return self.filter(state=EnrolmentState.ACTIVE)

    def due(self, now: datetime) -> Self:
        return self.active().filter(due_at__lte=now, campaign__state=CampaignState.ACTIVE)

    def waiting_for_something(self) -> Self:
        return self.active().filter(is_waiting_for=True, happened_at=None)


class Enrolment(models.Model):
    """One customer's run through one campaign, for one cause. `position` is the step to run next, in its version."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="enrolments", db_index=False)
    version = models.ForeignKey(CampaignVersion, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="enrolments")
    entry_key = models.CharField(max_length=100)
    is_only_live = models.BooleanField(default=False)  # re-entry after_exit: one active run at a time
    entry_id = models.BigIntegerField(null=True)
    interaction_id = models.BigIntegerField(null=True)  # what caused it, for {{ event.… }}
    cause_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=EnrolmentState.choices, default=EnrolmentState.ACTIVE)
    is_held_out = models.BooleanField(default=False, db_default=False)  # gets nothing, so that the effect can be told
    position = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    # The step at `position` waits until something happens; due_at is its time-out.
    is_waiting_for = models.BooleanField(default=False, db_default=False)
    waits_since = models.DateTimeField(null=True)
    happened_at = models.DateTimeField(null=True)
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
            models.CheckConstraint(
                condition=Q(is_held_out=False) | ~Q(state=EnrolmentState.ACTIVE), name="enrolment_held_out_never_runs"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="enrolment_due", condition=Q(state=EnrolmentState.ACTIVE)),
            models.Index(fields=["entry_id"], name="enrolment_cause", condition=Q(state=EnrolmentState.ACTIVE)),
            models.Index(fields=["version", "position"], name="enrolment_at", condition=Q(state=EnrolmentState.ACTIVE)),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"


class StepRun(models.Model):
    """An enrolment went through a step, once: what the counts, the effect and "why" are read from. `way` is which way
    it took, for steps that branch."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="step_runs", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    step_key = models.UUIDField()
    way = models.SmallIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "step_key"], name="step_run_once")]
        indexes = [models.Index(fields=["campaign", "step_key", "way"], name="step_run_counts")]

    def __str__(self) -> str:
        return f"step {self.step_key} of enrolment {self.enrolment_id}"
