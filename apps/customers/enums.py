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
