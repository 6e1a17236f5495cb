from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.journeys.actions import imports
from apps.journeys.interchange import reading


class Command(BaseCommand):
    help = "Reads a journey from a file, JSON or Mermaid, into its draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = reading.read(reading.decoded(options["file"].read_bytes()))
            journey = imports.import_map(text=found.journey, by=None, now=timezone.now())
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        for remark in found.remarks:
            self.stderr.write(remark)
        self.stdout.write(f"{journey.name} is draft {journey.pk}.")
