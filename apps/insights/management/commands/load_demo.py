from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.insights import demo
from apps.insights.demo import company


class Command(BaseCommand):
    help = (
        "Loads the demo company into an empty database and prints its logins. Where it is loaded already, nothing "
        "happens and that is said; other data is an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do and print nothing when there is any data")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not demo.is_empty():
            if not options["if_empty"]:
                self._refuse()
            return
        self.stdout.write("Loading the demo company: half a year in half a minute …")
        demo.load(now=timezone.now())
        self._print_logins()

    def _refuse(self) -> None:
        if not demo.is_loaded():
            raise CommandError("There is data in this database already. The demo company needs an empty one.")
        self.stdout.write("The demo company is loaded already. Nothing was changed.")
        self._print_logins()

    def _print_logins(self) -> None:
        for role, (email, _name) in company.LOGINS.items():
            self.stdout.write(f"{role.value.lower():<8}  {email}  {company.PASSWORD}")
