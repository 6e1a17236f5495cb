"""A company out of a file that `manage.py backup` wrote, into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import backups
from apps.core.embedded.process import StartError


class Command(BaseCommand):
    help = "Restores FILE into the empty database of the data folder, or of DATABASE_URL, while nothing else runs."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data folder (var/)")

    def handle(self, *_args: Any, **options: Any) -> None:
        data_dir: Path = options["data"].absolute()
        try:
            with backups.database(data_dir) as address:
                is_other_key = backups.read(options["file"].absolute(), address, data_dir=data_dir)
        except (backups.BackupError, StartError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored. Start with `manage.py up --data {data_dir}`, or your own services.")
        if is_other_key:
            self.stdout.write(
                f"SECRET_KEY is set to another key than the company had. Set it to what {data_dir / 'secret_key'}"
                " holds, or links in messages that were sent and people who were erased are no longer recognised."
            )
