from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.touchpoints.actions import days


class Command(BaseCommand):
    help = "Counts the interactions of each touchpoint and day again from the log; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["check"]:
            self.stdout.write(f"{days.rebuild()} days of touchpoints counted.")
            return
        found = days.differences()
        for day, touchpoint, kept, counted in found:
            self.stdout.write(f"{day} touchpoint {touchpoint}: kept {kept}, counted {counted}")
        if found:
            raise CommandError(f"{len(found)} day(s) of touchpoints differ. Run rebuild_touchpoint_days to mend them.")
        self.stdout.write("The rollup equals the log.")
