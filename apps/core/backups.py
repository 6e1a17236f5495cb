"""Backups by PostgreSQL's own tools. One ZIP: the dump, the secret key, and what made it."""

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from apps.core.embedded.binaries import find_postgres, postgres_major
from apps.core.embedded.postgres import Postgres
from apps.core.embedded.supervisor import lock_folder

DUMP, KEY, ABOUT = "database.dump", "secret_key", "about.json"
_LIBPQ = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip
type Address = dict[str, str]


class BackupError(Exception):
    """A sentence for the person at the terminal."""


@contextmanager
def database(data_dir: Path) -> Iterator[Address]:
    """The database of DATABASE_URL, or the embedded one of that folder: as it runs, or started for this."""
    if os.environ.get("DATABASE_URL") or _runs_on(data_dir):
        yield _address(connection.get_connection_params())
        return
    with lock_folder(data_dir):
        postgres = Postgres(data_dir)
        try:
            yield _address(conninfo_to_dict(postgres.start()))
        finally:
            postgres.stop()


def _runs_on(data_dir: Path) -> bool:
    return data_dir == settings.DATA_DIR and (data_dir / "services.json").exists()


def _address(parameters: dict[str, Any]) -> Address:
    return {variable: str(parameters[name]) for name, variable in _LIBPQ.items() if parameters.get(name)}


def write(file: Path, address: Address) -> None:
    """Streams, so that it needs the room of one copy. The file is there when it is whole, and for our eyes."""
    if file.exists():
        raise BackupError(f"{file} exists. Choose another name; nothing is overwritten.")
    tool = _tool("pg_dump", at_least=_server_major(address))
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as opened:
            _fill(opened, tool, address)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _note(address)


def _fill(opened: IO[bytes], tool: Path, address: Address) -> None:
    with zipfile.ZipFile(opened, "w") as archive:
        about = {"made_at": timezone.now().isoformat(), "postgres": _server_major(address), "format": 1}
        archive.writestr(ABOUT, json.dumps(about))
        archive.writestr(KEY, settings.SECRET_KEY)
        with archive.open(DUMP, "w", force_zip64=True) as dump:
            _run([str(tool), "--format=custom", "--no-owner", "--no-privileges"], address, output=dump)


def read(file: Path, address: Address, *, data_dir: Path) -> bool:
    """Restores in one transaction. Whether SECRET_KEY is set to another key than the company had."""
    if not zipfile.is_zipfile(file):
        raise BackupError(f"{file} is no file that `manage.py backup` wrote.")
    if _tables(address):
        raise BackupError("The database is not empty. Restore into an empty one; nothing is overwritten.")
    with zipfile.ZipFile(file) as archive:
        if missing := {DUMP, KEY, ABOUT} - set(archive.namelist()):
            raise BackupError(f"{file} holds no {', '.join(sorted(missing))}: it is no whole backup.")
        tool = _tool("pg_restore", at_least=max(json.loads(archive.read(ABOUT))["postgres"], _server_major(address)))
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        with archive.open(DUMP) as dump:
            _run([str(tool), *options, "--dbname", address["PGDATABASE"]], address, given=dump)
        key = archive.read(KEY).decode()
    _keep_key(key, data_dir)
    return settings.HAS_OWN_SECRET_KEY and key != settings.SECRET_KEY


def _keep_key(key: str, data_dir: Path) -> None:
    path = data_dir / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(key)


def _run(argv: list[str], address: Address, *, output: IO[bytes] | None = None, given: IO[bytes] | None = None) -> None:
    """The password goes by the environment, as everybody sees a command line."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - argv is ours
            argv,
            env={"PATH": os.defpath, "LC_ALL": "C"} | address,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE if output else subprocess.DEVNULL,
            stderr=complaints,
        )
        with process, suppress(BrokenPipeError):  # it ended early, and says why
            if given and process.stdin:
                shutil.copyfileobj(given, process.stdin)
            if output and process.stdout:
                shutil.copyfileobj(process.stdout, output)
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if process.returncode != 0:
        raise BackupError(f"{Path(argv[0]).name} failed:\n{said[-2000:]}")


def _tool(name: str, *, at_least: int) -> Path:
    """Of the oldest PostgreSQL here that knows both sides: a newer one may say what an older server does not know."""
    newest = find_postgres()
    folders = {newest, *newest.parent.parent.glob("*/bin"), *Path("/usr/lib/postgresql").glob("*/bin")}
    found = sorted((postgres_major(f), f / name) for f in folders if (f / name).exists() and (f / "postgres").exists())
    for major, path in found:
        if major >= at_least:
            return path
    raise BackupError(f"There is no {name} of PostgreSQL {at_least} or newer here. Install its client programs.")


def _server_major(address: Address) -> int:
    with _connect(address) as found:
        return found.info.server_version // 10000


def _tables(address: Address) -> int:
    with _connect(address) as found:
        row = found.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return int(row[0]) if row else 0


def _connect(address: Address) -> psycopg.Connection[Any]:
    parameters = {name: address[variable] for name, variable in _LIBPQ.items() if variable in address}
    try:
        return psycopg.connect(**parameters, connect_timeout=5)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer: {error}") from error


def _note(address: Address) -> None:
    """`manage.py doctor` tells the age of the latest."""
    mark = "INSERT INTO core_lastrun (name, at) VALUES ('backup', %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at"
    with suppress(psycopg.errors.UndefinedTable), _connect(address) as found:
        found.execute(mark, [timezone.now()])
