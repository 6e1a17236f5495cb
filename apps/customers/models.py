from typing import Self

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.comparison import RuleError, check_comparison
from apps.core.enums import Origin
from apps.customers.enums import Choice, IdentityKind, SegmentKind, Status, TopicDefault
from apps.customers.models_merging import Duplicate, ErasedIdentity, Erasure, LaterByIdentity, Merge, MovedRows

__all__ = [
    "BYTES",
    "Company",
    "CompanyMember",
    "Consent",
    "ConsentQuerySet",
    "Customer",
    "CustomerQuerySet",
    "Duplicate",
    "ErasedIdentity",
    "Erasure",
    "Identity",
    "LaterByIdentity",
    "Membership",
    "MembershipQuerySet",
    "Merge",
    "MovedRows",
    "Persona",
    "SearchTerm",
    "Segment",
    "SegmentQuerySet",
    "Topic",
]

# Byte order, whatever the locale of the database: prefix searches use the index and sort keys are folded in Python.
BYTES = "C"


def check_traits(value: object) -> None:
    """A list of comparisons of the rule language."""
    if not isinstance(value, list) or len(value) > 50:
        raise ValidationError(_('Write a list such as [["plan", "=", "gold"]].'))
    for one in value:
        try:
            check_comparison(one, where="traits")
        except RuleError as error:
            raise ValidationError(str(error)) from error


@pghistory.track()
class Persona(models.Model):
    """A research-based archetype of the people a journey is drawn for."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    role = models.CharField(_("who they are"), max_length=200, blank=True)
    quote = models.CharField(_("quote"), max_length=300, blank=True)
    goals = models.TextField(_("goals"), blank=True)
    needs = models.TextField(_("needs"), blank=True)
    frustrations = models.TextField(_("frustrations"), blank=True)
    channels = models.TextField(_("channels they use"), blank=True)
    traits = models.JSONField(
        _("traits"),
        default=list,
        blank=True,
        validators=[check_traits],
        help_text=_('What its people have in common, such as [["plan", "=", "gold"]].'),
    )
    rule = models.JSONField(_("given by rule"), default=dict, blank=True, editable=False)
    position = models.PositiveIntegerField(_("order"), default=0, help_text=_("The first persona that fits is given."))

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


@pghistory.track(
    pghistory.UpdateEvent(),
    fields=["name", "email", "phone", "country", "owner", "tags", "has_fixed_persona"],
    model_name="CustomerEvent",
)
class Customer(models.Model):
    """A person the company knows or may come to know. A merge leaves the row, redirecting for ever."""

    name = models.CharField(_("name"), max_length=300, blank=True)
    email = models.CharField(_("e-mail"), max_length=320, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    traits = models.JSONField(_("traits"), default=dict, blank=True)
    persona = models.ForeignKey(Persona, verbose_name=_("persona"), null=True, blank=True, on_delete=models.SET_NULL)
    has_fixed_persona = models.BooleanField(_("persona given by hand"), default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    tags = ArrayField(models.CharField(max_length=50), verbose_name=_("tags"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.VISITOR)
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
            models.Index(fields=["last_activity_at"], name="customer_bought", condition=Q(status=Status.CUSTOMER)),
            GinIndex(fields=["tags"], name="customer_tags", condition=~Q(tags=[])),
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


class Mailbox(models.Func):
    """An address without what many providers ignore: dots and a +tag in the part before the @."""

    template = (
        "(replace(split_part(split_part(%(expressions)s, '@', 1), '+', 1), '.', '')"
        " || '@' || split_part(%(expressions)s, '@', 2))"
    )
    output_field = models.TextField()


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["watched_until", "through_id"])
class Identity(models.Model):
    """One value by which a customer is known, folded. External and anonymous ids belong to one customer; several
    people may share an e-mail or a phone. A merge that can still be undone moved a watched one: what arrives by it, or
    by an id that came through it, is noted, so that the undo takes it along."""

    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    space = models.CharField(max_length=50, default="default")
    value = models.CharField(max_length=320, db_collation=BYTES)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    is_verified = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    watched_until = models.DateTimeField(null=True)
    through_id = models.BigIntegerField(null=True)

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
        indexes = [
            models.Index(fields=["value", "customer"], name="identity_search"),
            models.Index(Mailbox("value"), name="identity_mailbox", condition=Q(kind=IdentityKind.EMAIL)),
        ]

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


@pghistory.track()
class Topic(models.Model):
    """What a message is about; people say yes or no by topic."""

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    default = models.CharField(
        _("without an answer"), max_length=12, choices=TopicDefault.choices, default=TopicDefault.NEEDS_OPT_IN
    )
    description = models.CharField(
        _("what it is about"), max_length=300, blank=True, help_text=_("People read it where they choose.")
    )
    is_public = models.BooleanField(
        _("people choose it themselves"),
        default=True,
        help_text=_("It stands on the page of preferences that messages lead to."),
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


@pghistory.track()
class Company(models.Model):
    """In B2B, the firm that several customers belong to."""

    name = models.CharField(_("name"), max_length=200)
    external_id = models.CharField(_("external id"), max_length=200, null=True, blank=True, unique=True)
    domain = models.CharField(_("domain"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    traits = models.JSONField(_("traits"), default=dict, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="company_latest"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="company_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyMember(models.Model):
    """A customer in a role at a company: buyer, end user, approver …"""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="companies")
    role = models.CharField(_("role"), max_length=50, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "customer"], name="company_member_once")]

    def __str__(self) -> str:
        return f"customer {self.customer_id} at company {self.company_id}"


class SegmentQuerySet(models.QuerySet["Segment"]):
    def by_rule(self) -> Self:
        return self.filter(kind=SegmentKind.RULE)


@pghistory.track(exclude=["size", "sized_at", "swept_at", "built_rule"])
class Segment(models.Model):
    """A set of customers, by rule or by list. `built_rule` is the rule that the memberships follow; a rule that was
    edited is built anew in the background."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=4, choices=SegmentKind.choices, default=SegmentKind.RULE)
    rule = models.JSONField(_("rule"), default=dict, blank=True)
    built_rule = models.JSONField(null=True, editable=False)
    size = models.BigIntegerField(null=True, editable=False)
    sized_at = models.DateTimeField(null=True, editable=False)
    swept_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        return self.filter(left_at=None)


class Membership(models.Model):
    """A customer was in a segment from joined_at to left_at: the history of joins and leaves."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "customer"], condition=Q(left_at=None), name="membership_current_once"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="membership_left_after_joined"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-joined_at"], name="membership_customer"),
            models.Index(fields=["segment", "-joined_at", "-id"], name="membership_latest"),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id} in segment {self.segment_id}"
