"""Says what is wrong with the installation, and how to mend it."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core import health
from apps.core.health import Finding, Level


class Command(BaseCommand):
    help = "Looks at everything Milepost needs; exit 1 when it is unwell."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        findings = list(health.examine(now=timezone.now()))
        is_well = all(finding.level is not Level.BAD for finding in findings)
        if options["json"]:
            report = {"well": is_well, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report, indent=1, ensure_ascii=False))
        else:
            for finding in findings:
                self._tell(finding)
        if not is_well:
            sys.exit(1)

    def _tell(self, finding: Finding) -> None:
        paint = {Level.OK: self.style.SUCCESS, Level.WARN: self.style.WARNING, Level.BAD: self.style.ERROR}
        self.stdout.write(f"{paint[finding.level](f'{finding.level:<5}')} {finding.what}: {finding.says}")
        if finding.fix:
            self.stdout.write(f"      {finding.fix}")
