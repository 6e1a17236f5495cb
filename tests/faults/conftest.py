import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.ground import COMPANY, Ground, Installation
from tests.faults.smtp import MailServer

IS_LONG = os.environ.get("FAULTS") == "long"
OUTBOX_MESSAGES = 1000 if IS_LONG else 100


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Lives as long as the process, because it costs some seconds."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-faults-"))
    folder.chmod(0o711)  # PostgreSQL's user passes through
    ground = Ground(folder, outbox=OUTBOX_MESSAGES)
    try:
        ground.start()
        yield ground
    finally:
        ground.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def install(ground: Ground) -> Iterator[Callable[..., Installation]]:
    """Makes an installation with a mail server; its processes end with the test."""
    with ExitStack() as stack:

        def make(template: str = COMPANY, *, lease_seconds: int = 30, **mail: object) -> Installation:
            server = stack.enter_context(MailServer(**mail))  # type: ignore[arg-type]
            installation = Installation(ground, server, lease_seconds, template)
            stack.callback(installation.close)
            return installation

        yield make
