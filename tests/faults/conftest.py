import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.ground import COMPANY, Ground, Installation
from tests.faults.http import HttpServer
from tests.faults.smtp import MailServer

IS_LONG = os.environ.get("FAULTS") == "long"
OUTBOX_MESSAGES = 10_000 if IS_LONG else 100


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
    """Makes an installation with receivers that behave as `sink` says; its processes end with the test."""
    with ExitStack() as stack:

        def make(
            template: str = COMPANY, *, lease_seconds: int = 30, greets_after: float = 0, **sink: object
        ) -> Installation:
            mail = stack.enter_context(MailServer(greets_after=greets_after, **sink))  # type: ignore[arg-type]
            http = stack.enter_context(HttpServer(**sink))  # type: ignore[arg-type]
            installation = Installation(ground, mail, http, lease_seconds, template)
            stack.callback(installation.close)
            return installation

        yield make
