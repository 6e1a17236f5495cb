from datetime import datetime, timedelta
from typing import Any, Self

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.enums import FileRole, JobState, Origin


def bought() -> dict[str, Any]:
    """The conversion rule until the company says another."""
    return {"did": {"event": "Order Completed", "ever": True}}


def office_hours() -> dict[str, list[str]]:
    """Open from and until, by weekday in lower-case English; a day that is left out is closed."""
    return {day: ["09:00", "17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


@pghistory.track()
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
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    most_messages_a_day = models.PositiveSmallIntegerField(_("messages a day"), null=True, blank=True)
    most_messages_a_week = models.PositiveSmallIntegerField(_("messages a week"), null=True, blank=True)
    sms_quiet_from = models.TimeField(_("SMS quiet from"), null=True, blank=True)
    sms_quiet_until = models.TimeField(_("SMS quiet until"), null=True, blank=True)
    asks_every_days = models.PositiveSmallIntegerField(
        _("surveys and review requests every days"), null=True, blank=True, default=30
    )
    holds_for_cases = models.BooleanField(_("hold messages while a case is open"), default=True)
    business_hours = models.JSONField(_("business hours"), default=office_hours, blank=True)
    keep_interactions_days = models.PositiveIntegerField(
        _("keep interactions for days"), null=True, blank=True, validators=[MinValueValidator(30)]
    )
    conversion_rule = models.JSONField(_("who has bought"), default=bought)
    former_after_days = models.PositiveIntegerField(
        _("former after days"), default=365, validators=[MinValueValidator(1), MaxValueValidator(36500)]
    )

    class Meta:
        verbose_name = _("company settings")
        verbose_name_plural = _("company settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="company_settings_one_row"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="company_settings_quiet_both_or_none",
            ),
            models.CheckConstraint(
                condition=Q(sms_quiet_from=None, sms_quiet_until=None)
                | Q(sms_quiet_from__isnull=False, sms_quiet_until__isnull=False),
                name="company_settings_sms_quiet_both_or_none",
            ),
        ]

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


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])

    def due(self, now: datetime) -> Self:
        return self.unfinished().filter(due_at__lte=now)


class Job(models.Model):
    """Long work that somebody waits for, done chunk by chunk: `cursor` says where to go on, so that a worker that dies
    costs one chunk. What a kind does stands in the registry; see apps/core/jobs.py."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=JobState.choices, default=JobState.QUEUED)
    params = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    error = models.CharField(max_length=1000, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="job_due", condition=Q(state__in=["queued", "running"])),
            models.Index(fields=["-created_at", "-id"], name="job_latest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.state not in {JobState.QUEUED, JobState.RUNNING}

    @property
    def percent(self) -> int | None:
        """None while nobody knows how much there is."""
        return None if not self.total else min(100, int(100 * self.done / self.total))

    @property
    def duration(self) -> timedelta | None:
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None


class JobFile(models.Model):
    """A file that a job reads or writes, kept in the database so that every web and worker host sees it, a backup holds
    it and an erasure finds it."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    role = models.CharField(max_length=6, choices=FileRole.choices)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "role"], name="job_file_once_a_role")]

    def __str__(self) -> str:
        return self.name


class JobFilePart(models.Model):
    file = models.ForeignKey(JobFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="job_file_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.file_id}"


class ColumnMapping(models.Model):
    """Which column of a file means what, remembered for the next file of that kind."""

    kind = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=100)
    columns = models.JSONField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="column_mapping_once")]

    def __str__(self) -> str:
        return self.name


class LastRun(models.Model):
    """When something that comes again and again last came: a tick of the clock, a pruning, a backup. A table, because a
    cache may be one a process, and this is read by other processes than write it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
