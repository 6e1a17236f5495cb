"""What working on a map together leaves behind: edits, comments, share links, images. Imported by models.py, where the
rest of the code finds them."""

import base64
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PICTURE = "sha256:"  # what a version calls a picture begins so


class MapImage(models.Model):
    """A picture of a card or persona, encoded anew when it came. Never changed; equal pictures are one row."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of content
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"picture {self.digest[:8]}"

    @property
    def name(self) -> str:
        """What a version calls it."""
        return f"{PICTURE}{self.digest}"

    @property
    def data_uri(self) -> str:
        return f"data:{self.content_type};base64,{base64.b64encode(bytes(self.content)).decode()}"


class MapEdit(models.Model):
    """One act of one person on a draft: which rows it made, changed and took away, each as before and after."""

    journey = models.ForeignKey("journeys.Journey", on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    label = models.CharField(max_length=200)
    changes = models.JSONField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["journey", "by", "-id"], name="edit_latest")]

    def __str__(self) -> str:
        return self.label


class CommentQuerySet(models.QuerySet["Comment"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class Comment(models.Model):
    """Said about a card, by staff or by a guest with a share link. It knows its card by key, so that it outlives the
    undo of a deletion."""

    journey = models.ForeignKey("journeys.Journey", on_delete=models.CASCADE, related_name="comments")
    card_key = models.UUIDField()
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    guest_name = models.CharField(max_length=100, blank=True)
    link = models.ForeignKey("journeys.ShareLink", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(link=None) | ~Q(guest_name=""), name="comment_guest_has_name"),
        ]
        indexes = [models.Index(fields=["journey", "card_key", "at"], name="comment_card")]

    def __str__(self) -> str:
        return self.text[:50]


class ShareLink(models.Model):
    """Whoever has the address reads the map, until the link is revoked. Its signed token names this row."""

    journey = models.ForeignKey("journeys.Journey", on_delete=models.CASCADE, related_name="share_links")
    name = models.CharField(max_length=100)
    shows_numbers = models.BooleanField(default=False)
    takes_comments = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    last_opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
