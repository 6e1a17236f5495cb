"""Who belongs to the staff: roles, who may sign in, and that an admin always stays."""

import pytest
from django.test import Client

from apps.staff.actions import api_keys, people
from apps.staff.enums import Role
from apps.staff.models import Department, Notice, User
from tests.factories import UserFactory, staff
from tests.staff.conftest import log_in, with_password

pytestmark = pytest.mark.django_db


def change(office, person, **changes):
    typed = {"name": person.name, "role": "Agent", "department": "", "is_active": "on"} | changes
    return office.post(f"/settings/staff/{person.pk}/", {k: v for k, v in typed.items() if v is not None})


@pytest.mark.parametrize("wrong", [{"name": ""}, {"role": "Emperor"}, {"department": "999999"}])
def test_a_mistake_is_said(office, wrong):
    person = staff(Role.AGENT)
    assert change(office, person, **wrong).status_code == 422
    assert User.objects.get(pk=person.pk).role is Role.AGENT


@pytest.mark.parametrize("changes", [{"role": "Agent"}, {"role": "Admin", "is_active": None}])
def test_the_last_admin_stays(office, admin, changes):
    response = change(office, admin, **changes)
    assert response.status_code == 409
    assert "Make somebody else an admin first" in response.content.decode() or "disable yourself" in str(
        response.content
    )
    assert User.objects.get(pk=admin.pk).is_active
    assert User.objects.get(pk=admin.pk).role is Role.ADMIN


def test_a_disabled_admin_does_not_count(office, admin):
    other = staff(Role.ADMIN)
    assert change(office, other, role="Admin", is_active=None).status_code == 302
    assert change(office, admin, role="Agent").status_code == 409


def test_nobody_disables_themselves(office, admin):
    staff(Role.ADMIN)
    response = change(office, admin, role="Admin", is_active=None)
    assert response.status_code == 409
    assert "You cannot disable yourself" in response.content.decode()


def test_an_admin_may_step_down_when_another_stays(office, admin):
    staff(Role.ADMIN)
    assert change(office, admin, role="Agent").status_code == 302
    assert office.get("/settings/").status_code == 403


def test_role_and_department_change(office):
    person, support = staff(Role.VIEWER), Department.objects.create(name="Support")
    assert change(office, person, name="Ann", role="Marketer", department=support.pk).status_code == 302
    person = User.objects.get(pk=person.pk)
    assert (person.name, person.roles, person.department) == ("Ann", [Role.MARKETER], support)


def test_disabling_ends_the_sessions_at_once(office):
    person = with_password(Role.AGENT)
    theirs = Client()
    log_in(theirs, person)
    assert theirs.get("/customers/").status_code == 200
    assert change(office, person, is_active=None).status_code == 302
    assert theirs.get("/customers/").status_code == 302
    assert "/accounts/login/" in theirs.get("/customers/")["Location"]
    again = Client()
    assert "/accounts/inactive/" in log_in(again, person)["Location"]
    assert "_auth_user_id" not in again.session
    assert again.get("/customers/").status_code == 302
    people.change(user=person, name="A", role=Role.AGENT, department=None, is_active=True, by=UserFactory())
    assert theirs.get("/customers/").status_code == 302, "a session that ended stays ended"


def test_the_page_says_which_keys_stop(office, now):
    person = staff(Role.AGENT)
    api_keys.create_new(name="Shop", scopes=["read"], owner=person, now=now)
    assert "1 API key of this person works only" in office.get(f"/settings/staff/{person.pk}/").content.decode()
    assert api_keys.find(key="x", now=now) is None


def test_two_changes_with_the_same_words_do_nothing_more(office):
    person = staff(Role.AGENT)
    for _time in range(2):
        assert change(office, person).status_code == 302
    assert User.objects.get(pk=person.pk).roles == [Role.AGENT]


def test_removing_a_second_factor_tells_them(office):
    person = staff(Role.AGENT)
    assert office.post(f"/settings/staff/{person.pk}/second-factor/").status_code == 302
    assert "removed your second factor" in Notice.objects.get(user=person).text


def test_the_list_finds_by_name_and_needs_the_same_queries(office, django_assert_max_num_queries, now):
    Department.objects.create(name="Support")
    with django_assert_max_num_queries(14) as few:
        assert office.get("/settings/staff/").status_code == 200
    for _n in range(20):
        staff(Role.AGENT)
    with django_assert_max_num_queries(len(few.captured_queries)):
        page = office.get("/settings/staff/").content.decode()
    assert page.count("<tr>") == 22
    UserFactory(name="Zora Zimt")
    found = office.get("/settings/staff/", {"q": "zimt"}).content.decode()
    assert "Zora Zimt" in found
    assert found.count("<tr>") == 2
    assert "Nobody of that name" in office.get("/settings/staff/", {"q": "qqq"}).content.decode()


def test_a_wrong_cursor_begins_anew(office):
    assert office.get("/settings/staff/?cursor=nonsense")["Location"] == "/settings/staff/"


def test_the_api_lists_the_staff(office, admin):
    (row,) = office.get("/api/staff/").json()["results"]
    assert (row["email"], row["role"], row["has_second_factor"], row["is_active"]) == (
        admin.email,
        "Admin",
        False,
        True,
    )
    assert "password" not in row


def test_the_admin_site_changes_neither_role_nor_who_may_sign_in(office, admin):
    office.post(f"/admin/staff/user/{admin.pk}/change/", {"email": admin.email, "name": "X", "time_zone": ""})
    admin.refresh_from_db()
    assert admin.is_active
    assert User.objects.get(pk=admin.pk).role is Role.ADMIN
    assert office.get("/admin/staff/user/add/").status_code == 403
    assert office.post(f"/admin/staff/user/{admin.pk}/delete/").status_code == 403


def test_departments(office):
    url = "/settings/departments/"
    assert office.post(url, {"name": ""}).status_code == 422
    assert office.post(url, {"name": "Support", "description": "Answers"}).status_code == 302
    assert office.post(url, {"name": "Support"}).status_code == 422
    support = Department.objects.get()
    person = UserFactory(department=support)
    page = office.get(f"{url}{support.pk}/").content.decode()
    assert person.name in page
    assert "1 person is left without a department" in page
    assert office.post(f"{url}{support.pk}/", {"name": ""}).status_code == 422
    assert office.post(f"{url}{support.pk}/", {"name": "Care"}).status_code == 302
    assert office.post(f"{url}{support.pk}/delete/").status_code == 302
    person.refresh_from_db()
    assert person.department is None
    assert "No departments yet" in office.get(url).content.decode()


def test_the_api_of_departments(office):
    def send(data):
        return office.post("/api/departments/", data, content_type="application/json")

    assert send({}).status_code == 400
    assert send({"name": "x" * 101}).status_code == 400
    assert send({"name": "Support"}).status_code == 201
    assert send({"name": "Support"}).status_code == 409
    assert [row["name"] for row in office.get("/api/departments/").json()["results"]] == ["Support"]
