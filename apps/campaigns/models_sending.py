"""What leaves: messages, who is never written to, what messages leave by."""

import hashlib
import secrets
from datetime import datetime
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import BounceKind, EndpointShape, MessageState, Way
from apps.customers.models import BYTES, Customer, Topic
from apps.feedback.models import Invitation
from apps.touchpoints.enums import Channel


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> Self:
        return self.filter(state=MessageState.QUEUED, due_at__lte=now)

    def sent_since(self, at: datetime) -> Self:
        return self.filter(state=MessageState.SENT, sent_at__gte=at)

    def expired(self, now: datetime) -> Self:
        return self.filter(state__in=[MessageState.CLAIMED, MessageState.SENDING], lease_until__lt=now)


class Message(models.Model):
    """One row of the outbox, to one recipient on one channel. `key` is made of stable facts (enrolment and step), and
    Message-ID of it, so that every attempt is recognisable as the same message. The times at the end are facts beside
    the state."""

    key = models.CharField(max_length=100)
    enrolment = models.ForeignKey("Enrolment", on_delete=models.CASCADE, related_name="messages")
    step = models.ForeignKey("CampaignStep", on_delete=models.PROTECT, related_name="messages", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages", db_index=False)
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, choices=Way.choices)
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    address = models.CharField(max_length=320, blank=True)
    is_ask = models.BooleanField(default=False, db_default=False)  # for an answer or a review
    priority = models.PositiveSmallIntegerField(default=5, db_default=5)
    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.QUEUED)
    reason = models.CharField(max_length=300, blank=True)
    verdicts = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    due_at = models.DateTimeField()
    # Held by the clock; else until the campaign is active again.
    is_held_until_due = models.BooleanField(default=False, db_default=False)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    is_uncertain = models.BooleanField(default=False)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    button = models.JSONField(null=True)  # label and url of a note on the web site
    variant = models.CharField(max_length=100, blank=True, db_default="")  # the tone and language it was written in
    provider = models.CharField(max_length=20, blank=True)
    provider_id = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    machine_opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    bounce_kind = models.CharField(max_length=7, choices=BounceKind.choices, blank=True, db_default="")
    complained_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        # Each index is written to at every change of state, so none is kept that nothing reads.
        constraints = [
            models.UniqueConstraint(fields=["key"], name="message_once"),
            models.UniqueConstraint(
                fields=["invitation"], name="message_of_invitation", condition=Q(invitation__isnull=False)
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MessageState.SKIPPED, MessageState.FAILED]) | ~Q(reason=""),
                name="message_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=MessageState.SENT) | Q(sent_at__isnull=False), name="message_sent_has_time"
            ),
            models.CheckConstraint(
                condition=Q(channel=Way.WEBHOOK) | Q(topic__isnull=False), name="message_to_people_has_topic"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "due_at", "id"], name="message_due_by_way", condition=Q(state=MessageState.QUEUED)
            ),
            models.Index(
                fields=["due_at", "id"],
                name="message_held_until_due",
                condition=Q(state=MessageState.HELD, is_held_until_due=True),
            ),
            models.Index(fields=["customer", "sent_at"], name="message_of_customer"),
            models.Index(
                fields=["lease_until"],
                name="message_leased",
                condition=Q(state__in=[MessageState.CLAIMED, MessageState.SENDING]),
            ),
            models.Index(fields=["-created_at", "-id"], name="message_latest"),
            models.Index(fields=["provider_id"], name="message_provider_id", condition=~Q(provider_id="")),
            models.Index(
                fields=["address", "sent_at"],
                name="message_sent_to_address",
                condition=Q(state=MessageState.SENT) & ~Q(address=""),
            ),
            models.Index(fields=["bounced_at"], name="message_bounced", condition=Q(bounced_at__isnull=False)),
            models.Index(fields=["complained_at"], name="message_complained", condition=Q(complained_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def gate_said(self) -> list[tuple[datetime, str]]:
        """When the gate was asked, and what it said in words; the newest last."""
        words = {"go": _("It may go"), "not now": _("Not now"), "never": _("It may not go")}
        told = []
        for one in self.verdicts:
            said = str(words.get(one["verdict"], one["verdict"]))
            told.append((datetime.fromisoformat(one["at"]), f"{said}: {one['reason']}" if one.get("reason") else said))
        return told


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def in_force(self, now: datetime) -> Self:
        return self.filter(Q(until=None) | Q(until__gt=now))


@pghistory.track()
class Suppression(models.Model):
    """An address that is never written to, or not before `until`. Kept folded; outlives the customer."""

    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(_("address"), max_length=320, db_collation=BYTES)
    reason = models.CharField(_("reason"), max_length=300)
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for ever."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="suppression_once")]

    def __str__(self) -> str:
        return self.address


class Provider(models.Model):
    """How a provider behaves: its circuit breaker and how much of its rate is used. One row a name, written by whoever
    sends."""

    name = models.CharField(max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True)  # nothing is handed to it before
    detail = models.CharField(max_length=300, blank=True)
    window_at = models.DateTimeField(null=True)
    used = models.PositiveIntegerField(default=0)  # in the second that began at window_at

    def __str__(self) -> str:
        return self.name


def fingerprint(secret: str) -> str:
    """By which a page says which secret it has seen."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def make_secret() -> str:
    """Of Standard Webhooks: 24 to 64 random bytes in base64."""
    return "whsec_" + secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")


@pghistory.track(exclude=["secret", "previous_secret", "previous_until", "url"])
class Endpoint(models.Model):
    """An address of another system or of a chat room that campaigns may call. `url` may hold a secret of its own, as
    those of chat rooms do, so the audit keeps neither."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.CharField(_("address"), max_length=1000)
    shape = models.CharField(_("shape"), max_length=8, choices=EndpointShape.choices, default=EndpointShape.STANDARD)
    secret = models.CharField(max_length=100, default=make_secret, editable=False)
    # Calls are signed with both until then, so that the receiver can change over.
    previous_secret = models.CharField(max_length=100, blank=True, db_default="", default="", editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(_("is called"), default=True)
    stopped_because = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")

    def __str__(self) -> str:
        return self.name

    def secrets_at(self, now: datetime) -> list[str]:
        """Those that calls are signed with, the newest first."""
        is_changing = self.previous_until is not None and now < self.previous_until
        return [self.secret, self.previous_secret] if is_changing else [self.secret]
