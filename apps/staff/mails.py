"""Mails to staff, by Django's mailer; messages to customers go another way (apps.campaigns)."""

import logging
from email.utils import formataddr
from smtplib import SMTPException

from anymail.exceptions import AnymailError
from django.core.mail import EmailMessage

from apps.core.models import CompanySettings

logger = logging.getLogger(__name__)


def send(*, to: str, subject: str, text: str) -> bool:
    """Whether the mail server took it."""
    company = CompanySettings.current()
    sender = formataddr((company.sender_name or company.name, company.sender_email))
    mail = EmailMessage(subject=" ".join(subject.split()), body=text, from_email=sender, to=[to])
    try:
        mail.send()
    except (AnymailError, SMTPException, OSError, ValueError) as error:
        logger.warning("a mail to staff was not sent: %s", type(error).__name__)
        return False
    return True
