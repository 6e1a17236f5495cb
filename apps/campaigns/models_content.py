"""What messages are made of beside their steps: the brand around them, pictures, snippets and saved messages."""

import re
from typing import Self

import pghistory
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ACCENT = "#4A3FD1"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


class MailImage(models.Model):
    """A picture in messages, encoded anew when it came. Never changed; equal pictures are one row. Everybody who knows
    its digest may see it, because recipients have no login."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of content
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"picture {self.digest[:8]}"


@pghistory.track()
class Brand(models.Model):
    """What stands around every e-mail. One row."""

    logo = models.ForeignKey(MailImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default=ACCENT,
        validators=[RegexValidator(_COLOUR, _("Write a colour such as #4A3FD1."))],
        help_text=_("Of buttons and links. White text stands on it, so choose a dark one."),
    )
    footer = models.TextField(
        _("footer"),
        blank=True,
        max_length=1000,
        help_text=_("Stands above the company’s name and postal address, which come from the settings."),
    )

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brand")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="brand_one_row")]

    def __str__(self) -> str:
        return str(_("brand"))

    @classmethod
    def current(cls) -> Self:
        return cls.objects.select_related("logo").filter(pk=1).first() or cls(pk=1)

    @property
    def safe_accent(self) -> str:
        """It stands in style sheets, so nothing but a colour may."""
        return self.accent if _COLOUR.match(self.accent) else ACCENT


@pghistory.track()
class Snippet(models.Model):
    """A text that several messages say: `{{ snippets.NAME }}`. May hold Liquid."""

    name = models.SlugField(
        _("name"),
        max_length=50,
        unique=True,
        help_text=_("Letters, digits, hyphens and underscores: messages say it as {{ snippets.name }}."),
    )
    text = models.TextField(_("text"), max_length=20_000)

    class Meta:
        verbose_name = _("snippet")
        verbose_name_plural = _("snippets")

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Template(models.Model):
    """A saved message to start others from: the settings of a step, without what belongs to that step alone."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved message")
        verbose_name_plural = _("saved messages")

    def __str__(self) -> str:
        return self.name
