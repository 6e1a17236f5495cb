"""A message sent to oneself, to see it where it will be read. No row is made, and no customer gets it."""

import secrets

from django.utils.translation import gettext as _

from apps.campaigns.actions.handing import deadline_seconds
from apps.campaigns.channels import Outcome, Outgoing, choosing
from apps.campaigns.enums import Way
from apps.campaigns.mails import filling
from apps.campaigns.mails.choosing import Variant
from apps.campaigns.mails.filling import Letter
from apps.core.models import CompanySettings
from apps.staff.models import User


class NotSent(ValueError):
    """The text says why."""


def send_to_oneself(*, letter: Letter, variant: Variant, by: User) -> str:
    """Returns what the provider said. Raises NotSent, and liquid.TemplateError for a gap without default."""
    if Way(letter.settings.get("channel", Way.EMAIL)) is not Way.EMAIL:
        raise NotSent(_("Only e-mails can be tried out: we know no phone and no web site of yours."))
    company = CompanySettings.current()
    content = filling.fill(letter, company, variant)
    outgoing = Outgoing(
        identity=secrets.token_hex(16),
        sender_name=company.sender_name or company.name,
        sender=company.sender_email,
        recipient=by.email,
        recipient_name=by.name,
        subject=filling.line(f"[{_('Test')}] {content.subject}"),
        text=content.text,
        html=content.html,
        unsubscribe_url=content.unsubscribe_url,
    )
    try:
        channel = choosing.channel_for(Way.EMAIL)
    except choosing.NoChannel as error:
        raise NotSent(str(error)) from error
    result = channel.send(outgoing, deadline_seconds=deadline_seconds())
    if result.outcome is not Outcome.SENT:
        raise NotSent(result.detail or _("The mail server did not take it."))
    return result.detail
