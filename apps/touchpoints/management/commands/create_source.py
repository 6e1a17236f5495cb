from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind


class Command(BaseCommand):
    help = "Makes a source of events and prints its write key, alone on a line; the same key if it exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--kind", choices=["server", "browser"], default="server")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            source = sources.create(name=options["name"], kind=SourceKind(options["kind"]))
        except sources.WrongKind as error:
            raise CommandError(str(error)) from error
        self.stdout.write(source.write_key)
