"""PostgreSQL and Valkey for a test run that names none: `-p tests.embedded`, loaded before the settings."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from apps.core.embedded.postgres import Postgres
from apps.core.embedded.valkey import Valkey


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # A wrapper comes before pytest-django, which reads the settings here. The processes of xdist inherit the
    # environment, so they start nothing.
    if "DATABASE_URL" not in os.environ or "CELERY_BROKER_URL" not in os.environ:
        _start(early_config)
    yield


def _start(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="milepost-test-"))
    folder.chmod(0o711)  # PostgreSQL's user passes through
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["MILEPOST_DATA_DIR"] = str(folder)
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(folder, is_durable=False)
        config.add_cleanup(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.start()
    if "CELERY_BROKER_URL" not in os.environ:
        valkey = Valkey(folder)
        config.add_cleanup(valkey.stop)
        os.environ["CELERY_BROKER_URL"] = valkey.start()
        os.environ.setdefault("CACHE_URL", valkey.cache_url)
