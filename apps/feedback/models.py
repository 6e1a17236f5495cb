from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.customers.models import Customer
from apps.feedback.enums import CaseKind, SurveyKind
from apps.touchpoints.enums import Channel


class Survey(models.Model):
    """One question with a score, and room for a comment."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=4, choices=SurveyKind.choices)
    question = models.CharField(_("question"), max_length=300)
    comment_label = models.CharField(_("comment label"), max_length=200, default="What is the main reason?")
    thanks = models.CharField(_("thank-you text"), max_length=300, default="Thank you. A person reads every answer.")
    case_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who follows up bad answers"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    case_due_hours = models.PositiveIntegerField(_("follow up within hours"), default=48)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")

    def __str__(self) -> str:
        return self.name


class ReviewSite(models.Model):
    """A place where customers publish their opinion."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.URLField(_("address"), max_length=500)

    class Meta:
        verbose_name = _("review site")
        verbose_name_plural = _("review sites")

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """The ask: to answer a survey, or to write a review. `key` makes asking twice impossible."""

    key = models.CharField(max_length=100, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="invitations")
    survey = models.ForeignKey(Survey, null=True, on_delete=models.CASCADE, related_name="+")
    sites = models.ManyToManyField(ReviewSite, related_name="+")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Response(models.Model):
    """The answer, with all that is needed to read it later: scale, direction, the question as it was asked."""

    invitation = models.OneToOneField(Invitation, on_delete=models.CASCADE, related_name="response")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="responses")
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    kind = models.CharField(max_length=4, choices=SurveyKind.choices)
    score = models.SmallIntegerField()
    scale_low = models.SmallIntegerField()
    scale_high = models.SmallIntegerField()
    is_high_good = models.BooleanField(default=True)
    question = models.CharField(max_length=300)
    comment = models.TextField(blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    answered_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=models.F("scale_low"), score__lte=models.F("scale_high")),
                name="response_score_on_scale",
            ),
        ]
        indexes = [models.Index(fields=["-answered_at", "-id"], name="response_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.score}"

    @property
    def is_bad(self) -> bool:
        return SurveyKind(self.kind).is_bad(self.score)

    @property
    def is_good(self) -> bool:
        return SurveyKind(self.kind).is_good(self.score)


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)

    def owned_by(self, user: models.Model) -> Self:
        return self.filter(owner=user)


class Case(models.Model):
    """A question, problem, complaint or bad score, followed up by a named owner until it is closed with its cause."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="cases")
    response = models.OneToOneField(Response, null=True, on_delete=models.SET_NULL, related_name="case")
    kind = models.CharField(max_length=9, choices=CaseKind.choices)
    title = models.CharField(max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="cases",
    )
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(_("due"))
    root_cause = models.CharField(_("root cause"), max_length=500, blank=True)
    action_taken = models.CharField(_("action taken"), max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | (~Q(root_cause="") & ~Q(action_taken="")),
                name="case_closed_with_root_cause",
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="case_open", condition=Q(closed_at=None))]

    def __str__(self) -> str:
        return self.title

    def is_late(self, now: datetime) -> bool:
        return self.closed_at is None and self.due_at < now
