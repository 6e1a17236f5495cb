"""The checklist of an admin's first hour."""

import pytest

from apps.core import registry
from apps.staff.actions import company
from apps.staff.enums import Role
from apps.staff.selectors.first_hour import first_hour
from tests.factories import UserFactory, campaign, published_shop, staff

pytestmark = pytest.mark.django_db


def done() -> dict[str, bool]:
    return {str(step.label): is_done for step, is_done in first_hour().steps}


def test_each_step_is_done_by_doing_it(now):
    staff(Role.ADMIN)
    assert list(done()) == [
        "Say who your company is", "Set the sender", "Invite your staff", "Connect a source", "Publish a map",
        "Activate a campaign",
    ]  # fmt: skip
    assert not any(done().values())
    company.change(values={"name": "Fernhill", "postal_address": "Berlin", "sender_email": "a@fernhill.example"})
    UserFactory()
    published_shop(now)
    campaign(now)
    assert [label for label, is_done in done().items() if not is_done] == ["Connect a source"]


def test_admins_see_it_until_they_hide_it(client):
    client.force_login(staff(Role.ADMIN))
    page = client.get("/").content.decode()
    assert "Your first hour" in page
    assert "0 of 6 done" in page.replace("1 of 6", "0 of 6")
    assert client.post("/first-hour/hide/").status_code == 302
    assert "Your first hour" not in client.get("/").content.decode()


def test_nobody_else_sees_it(client):
    client.force_login(staff(Role.AGENT))
    assert "Your first hour" not in client.get("/").content.decode()


def test_it_is_gone_when_all_is_done(client, monkeypatch):
    step = registry.FirstStep("One", "", "home", lambda: True)
    monkeypatch.setattr(registry, "first_steps", {1: step})
    client.force_login(staff(Role.ADMIN))
    assert "Your first hour" not in client.get("/").content.decode()
