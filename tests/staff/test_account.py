"""One's own account."""

import pytest

from apps.staff.enums import Role
from apps.staff.models import Department, User
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client) -> User:
    user = staff(Role.VIEWER)
    user.department = Department.objects.create(name="Support")
    user.save()
    client.force_login(user)
    return user


@pytest.mark.parametrize("wrong", [{"name": ""}, {"time_zone": "Mars/Olympus"}, {"name": "x" * 201}])
def test_a_mistake_is_said(client, person, wrong):
    response = client.post("/account/", {"name": "Ann", "time_zone": "Europe/Rome"} | wrong)
    assert response.status_code == 422
    person.refresh_from_db()
    assert (person.name == "Ann", person.time_zone) == (False, "")


def test_what_is_right_is_saved(client, person):
    typed = {"name": "Ann", "time_zone": "Europe/Rome", "wants_mail": "on"}
    stolen = {"email": "boss@mail.example", "department": "", "is_superuser": "on", "role": "Admin"}
    assert client.post("/account/", typed | stolen).status_code == 302
    person = User.objects.get(pk=person.pk)
    assert (person.name, person.time_zone, person.wants_mail) == ("Ann", "Europe/Rome", True)
    assert (person.is_superuser, person.role, str(person.department)) == (False, Role.VIEWER, "Support")


def test_the_page_shows_what_an_admin_decides(client, person):
    page = client.get("/account/").content.decode()
    assert person.email in page
    assert "Viewer" in page
    assert "Support" in page


def test_the_address_is_not_changed_here(client, person):
    assert client.get("/accounts/email/")["Location"] == "/account/"
    client.post("/accounts/email/", {"action_add": "", "email": "new@mail.example"})
    person.refresh_from_db()
    assert person.email != "new@mail.example"


def test_the_settings_are_not_theirs(client, person):
    for path in ("/settings/", "/settings/staff/", "/settings/keys/", "/settings/audit/"):
        assert client.get(path).status_code == 403
    assert "/settings/" not in client.get("/").content.decode()
