import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journeys.interchange.formats import FORMATS, file_of
from apps.journeys.interchange.raster import CannotDraw
from apps.journeys.models import Journey
from apps.journeys.selectors.exports import state_of, text_of


class Command(BaseCommand):
    help = "Writes a journey's draft, or one of its versions, as text or picture."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--format", choices=list(FORMATS), required=True)
        parser.add_argument("--output", type=Path, help="instead of the standard output")
        parser.add_argument("--version-number", type=int, help="of a published map instead of the draft")

    def handle(self, *_args: Any, **options: Any) -> None:
        content = self._content(options["name"], options["format"], options["version_number"])
        if options["output"] is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
            return
        try:
            options["output"].write_bytes(content)
        except OSError as error:
            raise CommandError(f"{options['output']}: {error}") from error
        self.stdout.write(f"{options['output']}: {len(content):,} bytes.")

    def _content(self, name: str, format_name: str, number: int | None) -> bytes:
        journey = Journey.objects.filter(name=name).first()
        if journey is None:
            raise CommandError(f"There is no journey named {name!r}.")
        text = text_of(journey, number)
        if text is None:
            raise CommandError(f"{name} has no version {number}.")
        try:
            return file_of(text, state=state_of(number), format_name=format_name).content
        except CannotDraw as error:
            raise CommandError(str(error)) from error
