from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core import registry
from apps.core.models import CompanySettings
from apps.core.registry import FirstStep
from apps.staff.models import Invite, User


@dataclass(frozen=True)
class FirstHour:
    steps: list[tuple[FirstStep, bool]]

    @property
    def done(self) -> int:
        return sum(is_done for _step, is_done in self.steps)

    @property
    def is_over(self) -> bool:
        return self.done == len(self.steps)


def first_hour() -> FirstHour:
    """What an admin sets up first; one small query a step."""
    steps = [step for _order, step in sorted(registry.first_steps.items())]
    return FirstHour([(step, step.is_done()) for step in steps])


def has_company() -> bool:
    return CompanySettings.objects.exclude(postal_address="").exists()


def has_sender() -> bool:
    return CompanySettings.objects.exclude(sender_email__endswith="@example.com").exists()


def has_staff() -> bool:
    return Invite.objects.exists() or User.objects.all()[:2].count() > 1


STEPS = {
    10: FirstStep(
        _("Say who your company is"),
        _("Its name and postal address stand at the foot of every message."),
        "company_settings",
        has_company,
    ),
    20: FirstStep(
        _("Set the sender"),
        _("The name and address that your messages come from."),
        "company_settings",
        has_sender,
    ),
    30: FirstStep(
        _("Invite your staff"),
        _("Agents, marketers and a second admin; each gets a link to choose a password."),
        "staff_invite",
        has_staff,
    ),
}
