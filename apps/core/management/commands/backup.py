"""The whole company in one file: the database and the secret key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import backups
from apps.core.embedded.process import StartError


class Command(BaseCommand):
    help = "Writes the database and the secret key to FILE, also while Milepost runs."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        file: Path = options["file"].absolute()
        try:
            with backups.database(settings.DATA_DIR) as address:
                backups.write(file, address)
        except (backups.BackupError, StartError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{file} holds every customer and the secret key ({file.stat().st_size / 1024**2:.1f} MiB). "
            "Keep it where only you can read it, and away from this machine."
        )
