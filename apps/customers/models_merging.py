"""What merges, duplicates and erasures leave behind. Imported by models.py, where the rest of the code finds them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.customers.enums import IdentityKind


class LaterByIdentity(models.Model):
    """An interaction that arrived by a watched identity. No foreign key to it: the log is a higher app."""

    interaction_id = models.BigIntegerField(primary_key=True)
    identity = models.ForeignKey("customers.Identity", on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"interaction {self.interaction_id} by identity {self.identity_id}"


class Merge(models.Model):
    """Staff made one customer of two. What was moved is logged, so that it can be taken back for 30 days; `before`
    holds the own fields of both. With `through_id`, no merge by staff: a visitor who was recognised by that watched
    identity, logged because an undo takes them along."""

    kept = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    gone = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    through_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="merge_latest", condition=Q(through_id=None)),
            models.Index(fields=["through_id"], name="merge_through", condition=Q(through_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"


class MovedRows(models.Model):
    """Rows of one table that a merge moved (`ids`), or took out because the other had the same (`dropped`)."""

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="moved")
    table = models.CharField(max_length=100)
    column = models.CharField(max_length=100)
    ids = ArrayField(models.BigIntegerField(), default=list)
    dropped = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{len(self.ids)} rows of {self.table}"


class Duplicate(models.Model):
    """Two customers who may be one person, with the reasons; `first` has the smaller id."""

    first = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(default=0)
    found_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="duplicate_in_order"),
        ]
        indexes = [models.Index(fields=["-score", "-id"], name="duplicate_best", condition=Q(dismissed_at=None))]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class Erasure(models.Model):
    """The receipt of an erasure: what was deleted, by whom and why; nothing that names the person."""

    customer_id = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    counts = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="erasure_latest")]

    def __str__(self) -> str:
        return f"erasure of customer {self.customer_id}"


class ErasedIdentity(models.Model):
    """The keyed hash of an identity of somebody who was erased: what arrives late for it is passed over, and nothing is
    sent to it. Without the key of the installation it names nobody."""

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="identities")

    def __str__(self) -> str:
        return f"an erased {self.kind}"
