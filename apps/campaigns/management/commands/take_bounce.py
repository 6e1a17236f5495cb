import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.campaigns import bounce_mails
from apps.campaigns.actions import reports

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the mail and comes again


class Command(BaseCommand):
    help = "Reads one bounce mail from standard input, as a mail server pipes it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        raw = sys.stdin.buffer.read(bounce_mails.MOST_BYTES)
        try:
            self.stdout.write(reports.take_mail(raw, now=timezone.now()))
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(f"the database is away: {type(error).__name__}")
            sys.exit(TRY_AGAIN)
