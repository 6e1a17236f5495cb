from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.customers.models import Customer
from apps.staff.models import Department, User


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> Self:
        return self.filter(done_at=None)

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)

    def of(self, user: User) -> Self:
        """Theirs, and those of their department that nobody has taken."""
        mine = Q(owner=user)
        return self.filter(mine | Q(owner=None, department=user.department_id) if user.department_id else mine)


class Task(models.Model):
    """Something that somebody does for a customer. One that a campaign made has a key, so that it is made once."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(_("what to do"), max_length=300)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
    )
    department = models.ForeignKey(
        Department, verbose_name=_("department"), null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=100, null=True, unique=True)  # noqa: DJ001 - many have none
    campaign = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.CheckConstraint(condition=Q(done_by=None) | Q(done_at__isnull=False), name="task_done_by_when_done")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="task_open", condition=Q(done_at=None)),
            models.Index(fields=["-created_at", "-id"], name="task_latest"),
            models.Index(fields=["-done_at", "-id"], name="task_done", condition=Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def is_late(self, now: datetime) -> bool:
        return self.done_at is None and self.due_at < now
