"""Joining by invitation: the link works once, for seven days, until it is taken back or replaced."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.core import links
from apps.staff.actions import invites
from apps.staff.enums import Role
from apps.staff.models import Department, Invite, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a walk in the rain"


@pytest.fixture
def invited():
    support = Department.objects.create(name="Support")
    return invites.invite(
        email="Ann@Mail.example", name="Ann", role=Role.AGENT, department=support, by=None, now=timezone.now()
    )


def path(invite: Invite) -> str:
    return f"/join/{links.sign('invite', invite.pk)}/"


def join(client, invite, **typed):
    return client.post(path(invite), {"name": "Ann Price", "password": PASSWORD} | typed)


@pytest.mark.parametrize("wrong", ["no token", "three parts", "another purpose", "nobody's", "one byte short"])
def test_a_wrong_link_says_so(client, wrong):
    # Signed here and not as parameters: a test's name may not hold the time, or pytest's workers disagree on it.
    tokens = {
        "no token": "x",
        "three parts": "a:b:c",
        "another purpose": links.sign("survey", 1),
        "nobody's": links.sign("invite", 10**9),
        "one byte short": links.sign("invite", 1)[:-1],
    }
    response = client.get(f"/join/{tokens[wrong]}/")
    assert response.status_code == 410
    assert "This invitation does not work" in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_every_changed_byte_is_refused(client, invited):
    token = links.sign("invite", invited.pk)
    for place in range(0, len(token), 3):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert client.get(f"/join/{changed}/").status_code in {404, 410}, place


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"password": ""}, "required"), ({"password": "short"}, "too short"), ({"password": "1234567890"}, "too common"),
     ({"name": ""}, "required"), ({"password": "ann@mail.example"}, "too similar")],
)  # fmt: skip
def test_a_mistake_is_said_and_nobody_joins(client, invited, typed, said):
    response = join(client, invited, **typed)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not User.objects.exists()


def test_joining_makes_the_user_and_signs_in(client, invited):
    assert client.get(path(invited)).status_code == 200
    assert not User.objects.exists(), "looking at the page does nothing"
    response = join(client, invited)
    assert response.status_code == 302
    user = User.objects.get()
    assert (user.email, user.name, user.role, user.department) == (
        "ann@mail.example", "Ann Price", Role.AGENT, invited.department,
    )  # fmt: skip
    assert client.get("/customers/").status_code == 200
    invited.refresh_from_db()
    assert invited.user == user


def test_a_link_works_once(client, invited):
    join(client, invited)
    response = join(Client(), invited, name="Somebody else", password="another long one")
    assert response.status_code == 410
    assert "has been used" in response.content.decode()
    assert User.objects.get().name == "Ann Price"


def test_a_link_that_was_taken_back(client, office, invited):
    assert office.post(f"/settings/staff/invites/{invited.pk}/revoke/").status_code == 302
    response = join(Client(), invited)
    assert response.status_code == 410
    assert "taken back or replaced" in response.content.decode()
    assert not User.objects.filter(email="ann@mail.example").exists()


def test_a_link_is_good_for_seven_days(client, invited):
    address = path(invited)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        response = client.get(address)
    assert response.status_code == 410
    assert "more than seven days old" in response.content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        assert client.get(address).status_code == 200


def test_a_row_that_is_too_old_closes_a_young_link(client, invited):
    Invite.objects.filter(pk=invited.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "more than seven days old" in client.get(path(invited)).content.decode()


def test_inviting_again_makes_a_new_link_and_the_old_one_is_dead(office, invited):
    assert office.post(f"/settings/staff/invites/{invited.pk}/again/").status_code == 302
    newer = Invite.objects.waiting().get()
    assert newer.pk != invited.pk
    assert (newer.email, newer.role, newer.department) == (invited.email, invited.role, invited.department)
    assert Client().get(path(invited)).status_code == 410
    assert join(Client(), newer).status_code == 302


def test_inviting_somebody_who_joined_is_refused(office, invited):
    join(Client(), invited)
    office.post(f"/settings/staff/invites/{invited.pk}/again/")
    assert not Invite.objects.waiting().exists()


@pytest.mark.parametrize("wrong", [{"email": ""}, {"email": "nobody"}, {"role": "Emperor"}, {"role": ""}])
def test_a_form_with_a_mistake(office, wrong):
    response = office.post("/settings/staff/invite/", {"email": "bo@mail.example", "name": "", "role": "Agent"} | wrong)
    assert response.status_code == 422
    assert not Invite.objects.exists()


def test_somebody_of_the_staff_is_not_invited(office):
    UserFactory(email="bo@mail.example")
    response = office.post("/settings/staff/invite/", {"email": "BO@mail.example", "name": "", "role": "Agent"})
    assert response.status_code == 422
    assert "belongs to the staff already" in response.content.decode()


def test_the_mail_holds_the_link(office, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:2525"
    office.post("/settings/staff/invite/", {"email": "bo@mail.example", "name": "Bo", "role": "Agent"}, follow=True)
    (sent,) = mail.outbox
    assert sent.to == ["bo@mail.example"]
    link = re.search(r"http\S+/join/\S+/", sent.body)
    assert link is not None
    assert Client().get(link.group().removeprefix(settings.PUBLIC_URL)).status_code == 200
    assert link.group() not in office.get("/settings/staff/").content.decode()


def test_without_a_mail_server_the_page_shows_the_link(office, settings):
    settings.EMAIL_URL = ""
    response = office.post(
        "/settings/staff/invite/", {"email": "bo@mail.example", "name": "", "role": "Agent"}, follow=True
    )
    page = response.content.decode()
    assert mail.outbox == []
    assert "No mail server is set" in page
    link = re.search(r"/join/[^<\s]+/", page)
    assert link is not None
    assert Client().get(link.group()).status_code == 200


def test_a_mail_server_that_does_not_answer(office, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 2},
        }
    }
    response = office.post(
        "/settings/staff/invite/", {"email": "bo@mail.example", "name": "", "role": "Agent"}, follow=True
    )
    page = response.content.decode()
    assert "did not take the mail" in page
    assert "/join/" in page


def test_an_address_is_invited_once_at_a_time(invited):
    invites.invite(email="ann@mail.example", name="", role=Role.ADMIN, department=None, by=None, now=timezone.now())
    assert [invite.role for invite in Invite.objects.waiting()] == ["Admin"]


def test_the_new_role_holds_nothing_more_than_was_offered(client, invited):
    join(client, invited, role="Admin", is_superuser="on", email="boss@mail.example")
    user = User.objects.get()
    assert (user.email, user.role, user.is_superuser) == ("ann@mail.example", Role.AGENT, False)
