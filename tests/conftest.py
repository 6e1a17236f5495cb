from datetime import UTC, datetime

import pytest
from django.db import connections
from pytest_socket import socket_allow_hosts

from apps.campaigns import contents
from apps.journeys.actions import progress
from apps.touchpoints.actions import ingest

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    """The network is blocked but for this machine."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _nothing_kept_in_the_process() -> None:
    """Tests roll the database back, so what a process keeps of it must go too."""
    ingest.forget_cached()
    progress.forget_cached()
    contents.forget_cached()


@pytest.fixture(autouse=True)
def _cheap_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Threads of the live server keep no connection, so that the database can be dropped."""
    connections.databases["default"]["CONN_MAX_AGE"] = 0
