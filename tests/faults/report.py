"""Figures of the fault tests: a line each; of the long form a row in docs/reliability.md."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.ground import PROJECT, Account

PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: written by `make faults` -->", "<!-- end of figures -->"
HEAD = [
    "| fault | while | times | lost | repeated | marked uncertain | measured by |",
    "| --- | --- | --- | --- | --- | --- | --- |",
]


def figures(fault: str, work: str, times: int, account: Account) -> None:
    print(f"{fault}: {work}, {times} times: {account}")  # noqa: T201 - what these tests are read for
    if os.environ.get("FAULTS") == "long":
        how = f"`make faults`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores"
        write(PAGE, [fault, work, str(times), str(account.lost), str(account.repeated), str(account.marked), how])


def write(page: Path, row: list[str]) -> None:
    """Puts the row in the place of the one with the same first cell, or at the end."""
    with page.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the tests may run in several processes
        before, _begin, rest = file.read().partition(BEGIN)
        table, _end, after = rest.partition(END)
        rows = [line for line in table.splitlines() if line.startswith("|")][len(HEAD) :]
        found = {line.split("|")[1].strip(): line for line in rows}
        found[row[0]] = f"| {' | '.join(row)} |"
        file.seek(0)
        file.write("\n".join([f"{before}{BEGIN}", *HEAD, *found.values(), f"{END}{after}"]))
        file.truncate()
