from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.journeys.actions import rebuilding


class Command(BaseCommand):
    help = "Recomputes stage history; --check compares stored and recomputed history and exits 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["check"]:
            queued = rebuilding.rebuild()
            self.stdout.write(f"{queued} customers are on the change queue; a worker folds them anew.")
            return
        checked, differences = rebuilding.compare(now=timezone.now())
        for difference in differences[:50]:
            self.stdout.write(difference)
        if differences:
            raise CommandError(f"{len(differences)} of {checked} customers differ.", returncode=1)
        self.stdout.write(f"{checked} customers checked: stored and recomputed history are equal.")
