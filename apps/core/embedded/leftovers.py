"""What a run that was killed left behind: processes that still stop, and folders of sockets."""

import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

from apps.core.embedded.process import StartError, User


def run_marker(data_dir: Path) -> str:
    """In the environment or the command line of every process that works on this folder, and of no other."""
    return f"milepost-run-{_digest(data_dir)}"


def _digest(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]


def find_leftovers(data_dir: Path) -> list[int]:
    """Processes of an earlier run on this folder. Empty where there is no /proc to look in."""
    marker = run_marker(data_dir).encode()
    numbers = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if number != os.getpid() and _carries(number, marker)]


def _carries(number: int, marker: bytes) -> bool:
    # PostgreSQL and Valkey overwrite their environment but show the marker in their titles.
    return any(marker in _read(Path(f"/proc/{number}/{name}")) for name in ("cmdline", "environ"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # ended meanwhile, or another user's
        return b""


def signal_leftovers(data_dir: Path, number: signal.Signals) -> None:
    for pid in find_leftovers(data_dir):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def make_socket_folder(data_dir: Path, name: str, user: User | None) -> Path:
    """Short, as a socket's path holds 107 bytes, and closed to all but `user` and us: no password."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_socket_prefix(data_dir)}{name}-", dir=_short_folder()))
    try:
        if user:
            os.chown(folder, user.uid, user.gid)
    except OSError as error:
        folder.rmdir()
        raise StartError(
            "PostgreSQL does not run as root, and this root may not become another user. "
            "Start as a normal user, or set DATABASE_URL to a server of your own."
        ) from error
    return folder


def remove_socket_folders(data_dir: Path, name: str) -> None:
    for folder in _short_folder().glob(f"{_socket_prefix(data_dir)}{name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _socket_prefix(data_dir: Path) -> str:
    return f"milepost-{_digest(data_dir)}-"


def _short_folder() -> Path:
    candidates = [Path("/tmp"), Path(os.environ.get("XDG_RUNTIME_DIR", "/run"))]  # noqa: S108 - mkdtemp makes it private
    return next((folder for folder in candidates if os.access(folder, os.W_OK | os.X_OK)), candidates[0])
