import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.enums import Origin
from apps.customers.models import Customer, Persona
from apps.journeys.enums import LaneKind, MoveKind, StageKind
from apps.touchpoints.models import Interaction


class JourneyQuerySet(models.QuerySet["Journey"]):
    def published(self) -> Self:
        return self.filter(current_version__isnull=False)


class Journey(models.Model):
    """What a persona goes through. Its rows are the draft; `current_version` is what customers are measured by."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    persona = models.ForeignKey(Persona, verbose_name=_("persona"), null=True, blank=True, on_delete=models.SET_NULL)
    goal = models.CharField(_("goal"), max_length=500, blank=True)
    lapse_after_days = models.PositiveIntegerField(_("lapses after days"), null=True, blank=True)
    new_lap_after_days = models.PositiveIntegerField(_("new lap after days"), null=True, blank=True)
    current_version = models.ForeignKey(
        "MapVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = JourneyQuerySet.as_manager()

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A phase of a journey. Its key stays the same over names and versions."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="stages")
    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=13, choices=StageKind.choices)
    position = models.PositiveIntegerField()
    expected_days = models.FloatField(null=True, blank=True)
    allows_back = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["journey", "name"], name="stage_name_once"),
            models.UniqueConstraint(
                fields=["journey"], condition=Q(kind=StageKind.LAPSED), name="stage_one_lapsed_a_journey"
            ),
            models.CheckConstraint(
                condition=Q(expected_days=None) | Q(expected_days__gt=0), name="stage_expected_days_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """A column of the map. `match` says which interactions reach it."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="steps")
    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=150)
    position = models.PositiveIntegerField()
    emotion = models.FloatField(null=True, blank=True)
    feeling = models.CharField(max_length=50, blank=True)
    is_optional = models.BooleanField(default=False)
    alternative_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    match = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(emotion=None) | Q(emotion__gte=-2, emotion__lte=2), name="step_emotion_on_scale"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Lane(models.Model):
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="lanes")
    kind = models.CharField(max_length=11, choices=LaneKind.choices)
    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "name"], name="lane_name_once")]

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """What stands in a cell of step and lane."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="cards")
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="cards")
    text = models.CharField(max_length=1000)
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(severity=None) | Q(severity__gte=1, severity__lte=5),
                name="card_severity_on_scale",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class MapVersion(models.Model):
    """A published map: an immutable snapshot, in the JSON of interface.md with keys."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "number"], name="map_version_once")]

    def __str__(self) -> str:
        return f"{self.journey} v{self.number}"


class ProgressQuerySet(models.QuerySet["Progress"]):
    def on_journey(self) -> Self:
        return self.exclude(stage_key=None)

    def to_look_at(self, now: datetime) -> Self:
        return self.filter(look_again_at__lte=now)


class Progress(models.Model):
    """Where one customer stands on one journey, and the state from which the fold goes on."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="progress")
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(MapVersion, on_delete=models.CASCADE, related_name="+")
    lap = models.PositiveIntegerField(default=0)
    stage_key = models.UUIDField(null=True)
    step_key = models.UUIDField(null=True)
    entered_at = models.DateTimeField(null=True)
    is_overdue = models.BooleanField(default=False)
    look_again_at = models.DateTimeField(null=True)
    state = models.JSONField(default=dict)

    objects = ProgressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "journey"], name="progress_once")]
        indexes = [
            models.Index(
                fields=["look_again_at"], name="progress_look_again", condition=Q(look_again_at__isnull=False)
            ),
            models.Index(fields=["journey", "stage_key", "customer"], name="progress_stage"),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id} on journey {self.journey_id}"


class StepVisit(models.Model):
    """An interaction reached a step. Written by the fold, rewritten by a refold; no key of its own matters."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="+", db_index=False)
    interaction = models.ForeignKey(
        Interaction, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    step_key = models.UUIDField()
    stage_key = models.UUIDField()
    lap = models.PositiveIntegerField()
    at = models.DateTimeField()
    is_backward = models.BooleanField(default=False)
    is_repeated = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "journey", "at"], name="visit_customer"),
            models.Index(fields=["journey", "step_key", "at"], name="visit_step"),
        ]

    def __str__(self) -> str:
        return f"visit of customer {self.customer_id}"


class StageEntryQuerySet(models.QuerySet["StageEntry"]):
    def standing(self) -> Self:
        """Without those that a refold took back."""
        return self.filter(withdrawn_at=None)


class StageEntry(models.Model):
    """A customer was in a stage from entered_at to left_at. The row outlives refolds: see docs/adr/0005-fold.md."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="stage_entries", db_index=False)
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="+", db_index=False)
    stage_key = models.UUIDField()
    lap = models.PositiveIntegerField()
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    interaction_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    withdrawn_at = models.DateTimeField(null=True)

    objects = StageEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=models.F("entered_at")),
                name="entry_left_after_entered",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "journey", "entered_at"], name="entry_customer"),
            models.Index(fields=["journey", "stage_key", "entered_at"], name="entry_stage"),
        ]

    def __str__(self) -> str:
        return f"entry of customer {self.customer_id}"


class StageMove(models.Model):
    """A customer went from one stage to another, or became overdue in one."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="stage_moves", db_index=False)
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=MoveKind.choices)
    from_stage_key = models.UUIDField(null=True)
    to_stage_key = models.UUIDField()
    lap = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer", "journey", "at"], name="move_customer")]

    def __str__(self) -> str:
        return f"{self.kind} of customer {self.customer_id}"
