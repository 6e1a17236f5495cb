from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.customers.enums import Choice, IdentityKind, TopicDefault

# Byte order, whatever the locale of the database: prefix searches use the index and sort keys are folded in Python.
BYTES = "C"


class Persona(models.Model):
    """A research-based archetype of the people a journey is drawn for."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    role = models.CharField(_("who they are"), max_length=200, blank=True)
    quote = models.CharField(_("quote"), max_length=300, blank=True)
    goals = models.TextField(_("goals"), blank=True)
    needs = models.TextField(_("needs"), blank=True)
    frustrations = models.TextField(_("frustrations"), blank=True)
    channels = models.TextField(_("channels they use"), blank=True)

    class Meta:
        verbose_name = _("persona")
        verbose_name_plural = _("personas")

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(models.QuerySet["Customer"]):
    def present(self) -> Self:
        """Without those that a merge removed."""
        return self.filter(merged_into=None)

    def known(self) -> Self:
        return self.filter(is_identified=True)


class Customer(models.Model):
    """A person the company knows or may come to know. A merge leaves the row, redirecting for ever."""

    name = models.CharField(_("name"), max_length=300, blank=True)
    email = models.CharField(_("e-mail"), max_length=320, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    traits = models.JSONField(_("traits"), default=dict, blank=True)
    persona = models.ForeignKey(Persona, verbose_name=_("persona"), null=True, blank=True, on_delete=models.SET_NULL)
    is_identified = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_activity_at = models.DateTimeField(default=timezone.now)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(fields=["-last_activity_at", "-id"], name="customer_latest", condition=Q(merged_into=None)),
            models.Index(fields=["merged_into"], name="customer_merged", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or f"Visitor {self.pk}"

    @property
    def initials(self) -> str:
        words = str(self).split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def first_name(self) -> str:
        given = self.traits.get("firstName") or self.traits.get("first_name")
        return str(given or self.name.split(" ")[0])


class Identity(models.Model):
    """One value by which a customer is known, folded. External and anonymous ids belong to one customer; several
    people may share an e-mail or a phone."""

    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    space = models.CharField(max_length=50, default="default")
    value = models.CharField(max_length=320, db_collation=BYTES)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    is_verified = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "space", "value"],
                condition=Q(kind__in=[IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS]),
                name="identity_of_one_customer",
            ),
            models.UniqueConstraint(fields=["customer", "kind", "space", "value"], name="identity_once_a_customer"),
        ]
        indexes = [models.Index(fields=["value", "customer"], name="identity_search")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class SearchTerm(models.Model):
    """What else a customer is found by: folded words of the name, order numbers."""

    term = models.CharField(max_length=100, db_collation=BYTES)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="search_terms")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["term", "customer"], name="search_term_once")]

    def __str__(self) -> str:
        return self.term


class Topic(models.Model):
    """What a message is about; people say yes or no by topic."""

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    default = models.CharField(
        _("without an answer"), max_length=12, choices=TopicDefault.choices, default=TopicDefault.NEEDS_OPT_IN
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name


class ConsentQuerySet(models.QuerySet["Consent"]):
    def about(self, *, channel: str, topic: Topic) -> Self:
        """Answers that decide on this topic: its own and those about everything."""
        return self.filter(Q(topic=topic) | Q(topic=None), channel=channel)


class Consent(models.Model):
    """One recorded answer, never changed. Kept by customer and by address, because people share addresses. No topic
    means everything on that channel."""

    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="consents")
    address = models.CharField(max_length=320, blank=True, db_collation=BYTES)
    channel = models.CharField(max_length=20)
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=3, choices=Choice.choices)
    evidence = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(fields=["address", "channel", "-at"], name="consent_address"),
            models.Index(fields=["customer", "channel", "-at"], name="consent_customer"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(customer__isnull=False) | ~Q(address=""), name="consent_of_somebody")
        ]

    def __str__(self) -> str:
        return f"{self.choice} {self.channel}"
