from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.customers.actions import duplicates


class Command(BaseCommand):
    help = "Looks through all known customers for pairs that may be one person; the pipeline does it for who changes."

    def handle(self, *_args: Any, **_options: Any) -> None:
        looked_at = 0

        def tell(count: int) -> None:
            nonlocal looked_at
            looked_at += count
            self.stdout.write(f"\r{looked_at:,} customers", ending="")

        waiting = duplicates.find_all(now=timezone.now(), tell=tell)
        self.stdout.write(f"\n{waiting:,} pairs wait for somebody to look at them.")
