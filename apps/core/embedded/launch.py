"""Becomes another program, as the user and on the leash it was told. A script: it imports nothing of ours."""

import ctypes
import json
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def become(uid: int, gid: int, reach: list[str]) -> None:
    """Drops root. Where that user cannot reach what it needs (a clone below /root) one right is kept."""
    is_linux = sys.platform == "linux"
    if is_linux:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        fail(f"cannot become user {uid}: {error.strerror}")
    closed = [path for path in reach if not os.access(path, os.X_OK)]
    if closed and not (is_linux and keep_way_in(reach)):
        fail(f"user {uid} cannot reach {closed[0]}: it or a folder above it is closed to other users")


def keep_way_in(reach: list[str]) -> bool:
    """Keeps one of root's rights across the exec: to enter closed folders, or else (umask 077, most
    containers) to open closed files."""
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        kept, spare = 1 << capability, 1 << CAP_DAC_OVERRIDE | 1 << CAP_SETPCAP
        # initdb asks access(2) whether it may run postgres, which otherwise answers as if nothing were kept.
        if not set_capabilities(kept | 1 << CAP_SETPCAP, spare=spare):
            continue
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        set_capabilities(kept, spare=spare)
        if all(os.access(path, os.X_OK) for path in reach):
            set_capabilities(kept, spare=0)
            return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)
    return False


def set_capabilities(bits: int, *, spare: int) -> bool:
    """`bits` are in force and inherited; those of `spare` that we have can still be put in force later."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice, for the upper 32 capabilities
    libc.capget(header, held)
    wanted = (ctypes.c_uint32 * 6)(bits, (bits | spare) & held[1], bits, 0, 0, 0)
    return bool(held[1] & bits == bits and libc.capset(header, wanted) == 0)


def hold_leash(parent: int) -> None:
    """SIGINT when the parent dies. After `become`: changing the user clears it."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)


def fail(reason: str) -> NoReturn:
    sys.stderr.write(reason + "\n")
    sys.exit(126)


def main() -> NoReturn:
    wanted, argv = json.loads(sys.argv[1]), sys.argv[2:]
    for ignored in (signal.SIGPIPE, signal.SIGINT):  # ignoring survives exec, and Python ignores SIGPIPE
        signal.signal(ignored, signal.SIG_DFL)
    if wanted["user"]:
        uid, gid = wanted["user"]
        become(uid, gid, wanted["reach"])
    hold_leash(wanted["parent"])
    try:
        os.execv(argv[0], argv)  # noqa: S606 - no shell is the point
    except OSError as error:
        fail(f"{argv[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main()
