from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.staff.actions import api_keys


class Command(BaseCommand):
    help = "Makes a key of the REST API and prints it, alone on a line. It is not shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--scopes", default="read,write,personal", help="some of read, write, personal, admin")

    def handle(self, *_args: Any, **options: Any) -> None:
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            self.stdout.write(api_keys.create(name=options["name"], scopes=scopes))
        except api_keys.UnknownScope as error:
            raise CommandError(str(error)) from error
