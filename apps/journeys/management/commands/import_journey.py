import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journeys import wire
from apps.journeys.actions import drafts


class Command(BaseCommand):
    help = "Reads a journey from a JSON file into its draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            data = json.loads(options["file"].read_text())
            journey = drafts.import_text(text=wire.read(data))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self.stdout.write(f"{journey.name} is draft {journey.pk}.")
