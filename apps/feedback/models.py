from datetime import datetime
from typing import Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.customers.models import Customer
from apps.feedback.enums import WITH_SCORE, CaseKind, SurveyKind, Way
from apps.touchpoints.enums import Channel


class SurveyQuerySet(models.QuerySet["Survey"]):
    def current(self) -> Self:
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.filter(archived_at__isnull=False)


@pghistory.track()
class Survey(models.Model):
    """One question, by a scale, by options or in words; what follows may depend on the answer. `by_answer`: see
    by_answer.py. `is_open`: anybody with the open link may answer, on `open_channel`."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=6, choices=SurveyKind.choices)
    question = models.CharField(_("question"), max_length=300)
    options = models.JSONField(_("options"), default=list, blank=True)
    takes_several = models.BooleanField(_("several options may be chosen"), default=False)
    comment_label = models.CharField(_("comment label"), max_length=200, default="What is the main reason?", blank=True)
    thanks = models.CharField(_("thank-you text"), max_length=300, default="Thank you. A person reads every answer.")
    case_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who follows up bad answers"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    case_due_hours = models.PositiveIntegerField(_("follow up within business hours"), default=16)
    by_answer = models.JSONField(_("by answer"), default=list, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(_("open link"), default=False)
    open_channel = models.CharField(
        _("channel of the open link"), max_length=20, choices=Channel.choices, default=Channel.WEB
    )

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")

    def __str__(self) -> str:
        return self.name

    @property
    def takes_open_answers(self) -> bool:
        return self.is_open and self.archived_at is None

    @property
    def ends(self) -> tuple[str, str]:
        return SurveyKind(self.kind).ends


@pghistory.track()
class ReviewSite(models.Model):
    """A place where customers publish their opinion."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.URLField(_("address"), max_length=500)

    class Meta:
        verbose_name = _("review site")
        verbose_name_plural = _("review sites")

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["text", "author", "reply"])
class Review(models.Model):
    """A public opinion on a review site, imported or entered, with our reply."""

    site = models.ForeignKey(
        ReviewSite, verbose_name=_("review site"), on_delete=models.CASCADE, related_name="reviews"
    )
    external_id = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews")
    author = models.CharField(_("author"), max_length=200, blank=True)
    rating = models.PositiveSmallIntegerField(_("stars"))
    title = models.CharField(_("title"), max_length=300, blank=True)
    text = models.TextField(_("text"), blank=True)
    published_at = models.DateTimeField(_("published"))
    url = models.URLField(_("address"), max_length=500, blank=True)
    reply = models.TextField(_("our reply"), blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(fields=["site", "external_id"], name="review_once"),
            models.CheckConstraint(condition=models.Q(rating__gte=1, rating__lte=5), name="review_rating_on_scale"),
        ]
        indexes = [models.Index(fields=["-published_at", "-id"], name="review_latest")]

    def __str__(self) -> str:
        return self.title or f"{self.rating} stars"

    @property
    def has_web_address(self) -> bool:
        """Only then is it a link: `javascript:` is an address too."""
        return self.url.startswith(("https://", "http://"))


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


_ON_SCALE = Q(
    kind__in=[kind.value for kind in WITH_SCORE],
    score__isnull=False,
    scale_low__isnull=False,
    scale_high__isnull=False,
    score__gte=models.F("scale_low"),
    score__lte=models.F("scale_high"),
)
_WITHOUT_SCORE = ~Q(kind__in=[kind.value for kind in WITH_SCORE]) & Q(score=None, scale_low=None, scale_high=None)
_ONE_WAY = (
    Q(way=Way.INVITATION, invitation__isnull=False, customer__isnull=False, key=None)
    | Q(way=Way.OPEN, invitation=None, key__isnull=False)
    | Q(way=Way.STAFF, invitation=None, customer__isnull=False, key__isnull=False)
)


class Response(models.Model):
    """The answer, with all that is needed to read it later: scale, direction, the questions as they were asked. Without
    a customer where nobody knows who answered."""

    invitation = models.OneToOneField(Invitation, null=True, on_delete=models.CASCADE, related_name="response")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="responses")
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.INVITATION)
    key = models.UUIDField(null=True, editable=False)  # makes answering twice impossible: a browser's, a form's
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=6, choices=SurveyKind.choices)
    score = models.SmallIntegerField(null=True)
    scale_low = models.SmallIntegerField(null=True)
    scale_high = models.SmallIntegerField(null=True)
    is_high_good = models.BooleanField(default=True)
    chosen = models.JSONField(default=list)
    question = models.CharField(max_length=300)
    comment_question = models.TextField(blank=True)
    comment = models.TextField(blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    answered_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ON_SCALE | _WITHOUT_SCORE, name="response_score_on_scale"),
            models.CheckConstraint(condition=_ONE_WAY, name="response_came_one_way"),
            models.UniqueConstraint(fields=["survey", "key"], name="response_once_a_key"),
        ]
        indexes = [models.Index(fields=["-answered_at", "-id"], name="response_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.given}".strip()

    @property
    def given(self) -> str:
        """The answer in short: the score on its scale, what was chosen, or nothing where there are words alone."""
        return f"{self.score} / {self.scale_high}" if self.score is not None else ", ".join(self.chosen)

    @property
    def is_bad(self) -> bool:
        return self.score is not None and SurveyKind(self.kind).is_bad(self.score)

    @property
    def is_good(self) -> bool:
        return self.score is not None and SurveyKind(self.kind).is_good(self.score)


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
