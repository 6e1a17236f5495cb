"""What a message says: checked when a step is written, filled for its customer when it is sent. How it is made stands
in mails/."""

from typing import Any

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind
from apps.campaigns.mails import branding, filling, settings_checks, values
from apps.campaigns.mails.content import MOST_SUBJECT, Content, ContentError
from apps.campaigns.models import Message
from apps.core.models import CompanySettings

__all__ = ["MOST_SUBJECT", "Content", "ContentError", "check", "check_template", "fill", "forget_cached"]


def check(kind: StepKind, settings: dict[str, Any]) -> None:
    """What a message, survey or review request says. Raises ContentError, which names the field."""
    settings_checks.check(kind, settings)


def check_template(source: str, name: str) -> None:
    try:
        liquid.check(source)
    except liquid.TemplateError as error:
        raise ContentError(f"{name}: {error}") from error


def fill(message: Message, company: CompanySettings) -> Content:
    """Raises liquid.TemplateError where the customer has a gap for which the template has no default."""
    if message.step.kind == StepKind.WEBHOOK:
        return filling.of_webhook(message, company)
    return filling.fill(filling.of_message(message), company)


def forget_cached() -> None:
    """What this process keeps of the brand, the snippets and the orders."""
    branding.forget_cached()
    values.forget_cached()
