import uuid
from datetime import date, datetime
from typing import Self

import pghistory
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.enums import Origin
from apps.core.models import Job
from apps.customers.models import Customer, Persona, Segment
from apps.journeys.enums import CardStatus, Evidence, Frequency, LaneKind, MoveKind, StageKind
from apps.journeys.models_editing import PICTURE, Comment, MapEdit, MapImage, ShareLink
from apps.staff.models import Department
from apps.touchpoints.models import Interaction, Touchpoint

__all__ = ["PICTURE", "Comment", "MapEdit", "MapImage", "ShareLink"]


def _is_between(field: str, low: int, high: int) -> Q:
    return Q(**{field: None}) | Q(**{f"{field}__gte": low, f"{field}__lte": high})


class JourneyQuerySet(models.QuerySet["Journey"]):
    def published(self) -> Self:
        return self.filter(current_version__isnull=False)

    def to_review(self, today: date) -> Self:
        return self.filter(review_on__lte=today)


@pghistory.track()
class Journey(models.Model):
    """What a persona goes through. Its rows are the draft; `current_version` is what customers are measured by."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    persona = models.ForeignKey(Persona, verbose_name=_("persona"), null=True, blank=True, on_delete=models.SET_NULL)
    goal = models.CharField(_("goal"), max_length=500, blank=True)
    beginning = models.CharField(_("beginning"), max_length=500, blank=True)
    middle = models.CharField(_("middle"), max_length=500, blank=True)
    end = models.CharField(_("end"), max_length=500, blank=True)
    expectations = models.CharField(_("what the customer expects"), max_length=1000, blank=True)
    expected_days = models.FloatField(_("days from beginning to end"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    review_on = models.DateField(_("review on"), null=True, blank=True)
    variant_of = models.ForeignKey(
        "self", verbose_name=_("variant of"), null=True, blank=True, on_delete=models.SET_NULL, related_name="variants"
    )
    segment = models.ForeignKey(
        Segment, verbose_name=_("for the segment"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    lapse_after_days = models.PositiveIntegerField(_("lapses after days"), null=True, blank=True)
    new_lap_after_days = models.PositiveIntegerField(_("new lap after days"), null=True, blank=True)
    current_version = models.ForeignKey(
        "MapVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)  # counts edits of its own fields

    objects = JourneyQuerySet.as_manager()

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_days=None) | Q(expected_days__gt=0), name="journey_expected_days_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_review_due(self) -> bool:
        return self.review_on is not None and self.review_on <= timezone.localdate()


@pghistory.track()
class Stage(models.Model):
    """A phase of a journey. Its key stays the same over names and versions."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="stages")
    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=13, choices=StageKind.choices)
    position = models.PositiveIntegerField()
    expected_days = models.FloatField(null=True, blank=True)
    allows_back = models.BooleanField(default=False)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.PositiveIntegerField(default=0, editable=False)

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


@pghistory.track()
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
    is_moment_of_truth = models.BooleanField(default=False)
    takes_minutes = models.PositiveIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_between("emotion", -2, 2), name="step_emotion_on_scale"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Lane(models.Model):
    """A row of the map. One of kind emotion is a further curve, that of its persona."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="lanes")
    kind = models.CharField(max_length=11, choices=LaneKind.choices)
    name = models.CharField(max_length=100)
    persona = models.ForeignKey(Persona, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journey", "name"], name="lane_name_once")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Card(models.Model):
    """What stands in a cell of step and lane. Its key stays the same over texts, places and versions. Which of the
    details make sense, the kind of its lane says."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="cards")
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="cards")
    key = models.UUIDField(db_default=RandomUUID(), editable=False, unique=True)
    text = models.CharField(max_length=1000)
    position = models.PositiveIntegerField()
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    frequency = models.CharField(max_length=4, choices=Frequency.choices, blank=True)
    effort = models.PositiveSmallIntegerField(null=True, blank=True)
    impact = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=CardStatus.choices, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    evidence = models.CharField(max_length=14, choices=Evidence.choices, blank=True)
    evidence_n = models.PositiveIntegerField(null=True, blank=True)
    evidence_note = models.CharField(max_length=500, blank=True)
    touchpoint = models.ForeignKey(Touchpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    emotion = models.FloatField(null=True, blank=True)
    target = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    image = models.ForeignKey(MapImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_between("severity", 1, 5), name="card_severity_on_scale"),
            models.CheckConstraint(condition=_is_between("effort", 1, 5), name="card_effort_on_scale"),
            models.CheckConstraint(condition=_is_between("impact", 1, 5), name="card_impact_on_scale"),
            models.CheckConstraint(condition=_is_between("emotion", -2, 2), name="card_emotion_on_scale"),
        ]
        indexes = [models.Index(fields=["status", "due_on"], name="card_status", condition=~Q(status=""))]

    def __str__(self) -> str:
        """A point of a curve may have no word for the feeling."""
        return self.text or ("" if self.emotion is None else f"{self.emotion:+g}")


class MapVersion(models.Model):
    """A published map: an immutable snapshot, in the JSON of interface.md with keys."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")  # folds everybody with it

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


class Baseline(models.Model):
    """The state of a fold when the interactions before `cut_at` were pruned: folds of that customer begin here."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(MapVersion, on_delete=models.CASCADE, related_name="+")
    cut_at = models.DateTimeField()
    state = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "journey"], name="baseline_once")]

    def __str__(self) -> str:
        return f"customer {self.customer_id} on journey {self.journey_id} at {self.cut_at}"


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
