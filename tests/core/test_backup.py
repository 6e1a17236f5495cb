"""A small company is backed up and restored into an empty folder: counts and pages are equal."""

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.embedded.postgres import Postgres
from apps.core.models import LastRun
from apps.staff.enums import Role
from tests.factories import CustomerFactory, published_shop, sent_message, staff

PROJECT = Path(__file__).resolve().parents[2]
LOOK = """
import json, re
from django.apps import apps
from django.test import Client
from apps.customers.models import Customer
from apps.staff.models import User
counts = {m._meta.label: m.objects.count() for m in apps.get_models() if m.__module__.startswith("apps.")}
client = Client()
client.force_login(User.objects.get())
customer = Customer.objects.get(name="Ann Price")
pages = {url: client.get(url).content.decode() for url in ("/journeys/", f"/customers/{customer.pk}/", "/outbox/")}
plain = {url: re.sub(r'nonce="[^"]*"|csrf[^>]*>|X-CSRFToken[^>]*>', "", page) for url, page in pages.items()}
print("FOUND" + json.dumps([counts, plain]))
"""

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "MILEPOST_DATA_DIR"}}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=PROJECT, env=clean | env, input=given, text=True,
        capture_output=True, timeout=240, check=False,
    )  # fmt: skip


def look(url: str) -> list[dict]:
    done = run("shell", given=LOOK, DATABASE_URL=url, SECRET_KEY="of the test", LOG_LEVEL="ERROR")
    found = re.search(r"^FOUND(.*)$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return json.loads(found[1])


def url_of_the_test_database() -> str:
    given = os.environ["DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    return re.sub(r"/[^/?]+(\?|$)", rf"/{name}\1", given, count=0 if "?" not in given else 1)


@pytest.fixture
def company(now):
    staff(Role.ADMIN)
    published_shop(now)
    sent_message(now)
    CustomerFactory(name="Bo Lind")


def test_what_cannot_be_restored(tmp_path):
    (tmp_path / "nonsense").write_bytes(b"nonsense")
    with pytest.raises(CommandError, match=r"is no file that `manage\.py backup` wrote"):
        call_command("restore", str(tmp_path / "nonsense"), data=tmp_path)
    with zipfile.ZipFile(tmp_path / "half", "w") as archive:
        archive.writestr("secret_key", "x")
    file = tmp_path / "whole"
    call_command("backup", str(file))
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", str(file), data=tmp_path)
    with pytest.raises(CommandError, match=r"exists\. Choose another name"):
        call_command("backup", str(file))


def test_a_backup_is_private_leaves_no_half_and_is_noted(tmp_path, company):
    file = tmp_path / "company.backup"
    call_command("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    with zipfile.ZipFile(file) as archive:
        assert sorted(archive.namelist()) == ["about.json", "database.dump", "secret_key"]
        assert archive.read("secret_key").decode() == settings.SECRET_KEY
    assert LastRun.objects.filter(name="backup").count() == 1


def test_a_company_comes_back_in_an_empty_folder(tmp_path, company):
    tmp_path.chmod(0o711)  # PostgreSQL's user passes through
    before = look(url_of_the_test_database())
    file, data = tmp_path / "company.backup", tmp_path / "data"
    call_command("backup", str(file))
    done = run("restore", str(file), "--data", str(data), MILEPOST_DATA_DIR=str(tmp_path / "other"))
    assert done.returncode == 0, done.stderr
    assert "Restored." in done.stdout
    assert (data / "secret_key").read_text() == settings.SECRET_KEY
    postgres = Postgres(data, is_durable=False)
    try:
        after = look(postgres.start())
    finally:
        postgres.stop()
    counts, pages = before
    assert counts["customers.Customer"] == 2
    assert "Ann Price" in str(pages)
    assert after[0] == counts
    for url, page in pages.items():
        assert after[1][url].splitlines() == page.splitlines(), url
