from django.db import models
from django.utils.translation import gettext_lazy as _


class IdentityKind(models.TextChoices):
    EMAIL = "email", _("e-mail")
    PHONE = "phone", _("phone")
    EXTERNAL = "external", _("external id")
    ANONYMOUS = "anonymous", _("anonymous id")

    @property
    def is_unique(self) -> bool:
        return self in {IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS}


class TopicDefault(models.TextChoices):
    ALLOWED = "allowed", _("allowed until they say no")
    NEEDS_OPT_IN = "needs_opt_in", _("only after they said yes")


class Choice(models.TextChoices):
    IN = "in", _("yes")
    OUT = "out", _("no")


class Status(models.TextChoices):
    """Derived from interactions by the company's conversion rule, never set."""

    VISITOR = "visitor", _("Visitor")
    PROSPECT = "prospect", _("Prospect")
    CUSTOMER = "customer", _("Customer")
    FORMER = "former", _("Former customer")


class SegmentKind(models.TextChoices):
    RULE = "rule", _("By rule")
    LIST = "list", _("By list")


class Reason(models.TextChoices):
    """Why two customers may be one person, the strongest first."""

    EMAIL = "email", _("Same e-mail")
    PHONE = "phone", _("Same phone")
    NAME_AND_COMPANY = "name_and_company", _("Same name and company")
    MAILBOX = "mailbox", _("Same mailbox, written differently")
    NAME_AND_COUNTRY = "name_and_country", _("Same name and country")
    NAMES_ALIKE = "names_alike", _("Names alike")
