"""Takes away what is kept for a time only, as the hourly task does, but until nothing is left."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core import pruning


class Command(BaseCommand):
    help = "Prunes rows whose time is over, in small batches; may be stopped and started again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what would go")
        parser.add_argument("--batch", type=int, default=pruning.BATCH, help=f"rows a transaction ({pruning.BATCH})")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["dry_run"]:
            rows, says = pruning.due(now=now), "would go"
        else:
            rows, says = pruning.prune(now=now, goes_on=lambda: True, limit=options["batch"]), "went"
        for name, number in rows.items():
            self.stdout.write(f"{number:>12,} {name} {says}")
