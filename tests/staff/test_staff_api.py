"""Staff, invitations, departments, keys, audit and notices from the outside."""

import pytest
from django.test import Client

from apps.staff.actions import api_keys, notices
from apps.staff.enums import NoticeKind, Role
from apps.staff.models import Department, Invite, User
from tests.factories import staff

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def api(db) -> Client:
    return Client(headers={"Authorization": f"Api-Key {api_keys.create(name='Office', scopes=['admin'])}"})


def post(api, url, **body):
    return api.post(url, body, content_type=JSON)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "nobody"}, "email"), ({"role": "Emperor"}, "role"), ({"department": "Moon"}, "department"),
    ],
)  # fmt: skip
def test_a_wrong_invitation_says_what_is_wrong(api, wrong, said):
    response = post(api, "/api/invites/", **{"email": "ann@shop.example", "role": "Agent"} | wrong)
    assert (response.status_code, list(response.json())) == (400, [said])
    assert not Invite.objects.exists()


def test_whoever_belongs_to_the_staff_is_not_invited(api):
    response = post(api, "/api/invites/", email=staff(Role.AGENT).email, role="Agent")
    assert (response.status_code, list(response.json())) == (409, ["email"])


def test_without_mail_the_link_is_told(api):
    department = Department.objects.create(name="Support")
    response = post(api, "/api/invites/", email="ann@shop.example", role="Agent", department=department.name)
    told = response.json()
    assert (response.status_code, told["department"], told["role"]) == (201, "Support", "Agent")
    assert Client().get(told["link"]).status_code == 200
    assert api.get("/api/invites/").json()["results"] == [told]


def test_with_mail_it_is_sent_and_not_told(api, settings, mailoutbox):
    settings.EMAIL_URL = "smtp://mail.example"
    assert post(api, "/api/invites/", email="ann@shop.example", role="Agent").json()["link"] is None
    assert [mail.to for mail in mailoutbox] == [["ann@shop.example"]]


def test_an_invitation_is_renewed_and_taken_back(api):
    first = post(api, "/api/invites/", email="ann@shop.example", role="Agent").json()
    second = post(api, f"/api/invites/{first['id']}/again/").json()
    assert [one["id"] for one in api.get("/api/invites/").json()["results"]] == [second["id"]]
    assert api.delete(f"/api/invites/{second['id']}/").status_code == 204
    assert api.get("/api/invites/").json()["results"] == []
    assert "taken back" in Client().get(second["link"]).content.decode()


def change(api, person, **body):
    return api.patch(f"/api/staff/{person.pk}/", body, content_type=JSON)


def test_a_member_of_staff_changes(api):
    staff(Role.ADMIN)
    person = staff(Role.VIEWER)
    Department.objects.create(name="Support")
    told = change(api, person, role="Marketer", department="Support").json()
    assert (told["role"], told["department"], told["name"]) == ("Marketer", "Support", person.name)
    assert change(api, person, is_active=False).json()["is_active"] is False
    assert api.get(f"/api/staff/{person.pk}/").json()["role"] == "Marketer"
    assert change(api, person, department=None).json()["department"] is None


def test_the_last_admin_stays(api):
    admin = staff(Role.ADMIN)
    response = change(api, admin, role="Agent")
    assert (response.status_code, User.objects.get(pk=admin.pk).role) == (409, Role.ADMIN)


def test_a_department_changes_and_goes(api):
    kept, gone = Department.objects.create(name="Support"), Department.objects.create(name="Sales")
    url = f"/api/departments/{gone.pk}/"
    assert api.patch(url, {"name": kept.name}, content_type=JSON).status_code == 409
    assert api.patch(url, {"description": "Sells"}, content_type=JSON).json()["description"] == "Sells"
    assert api.get(url).json() == {"id": gone.pk, "name": "Sales", "description": "Sells"}
    assert api.delete(url).status_code == 204
    assert list(Department.objects.all()) == [kept]


def test_keys_are_listed_without_the_keys_and_revoked(api, now):
    owner = staff(Role.ADMIN)
    row, text = api_keys.create_new(name="Shop", scopes=["read"], owner=owner, now=now)
    response = api.get("/api/keys/")
    assert [(one["name"], one["scopes"]) for one in response.json()["results"]] == [
        ("Office", ["admin"]), ("Shop", ["read"]),
    ]  # fmt: skip
    assert text not in response.content.decode()
    assert text.split("_")[1] == response.json()["results"][1]["prefix"]
    assert api.delete(f"/api/keys/{row.pk}/").status_code == 204
    assert Client().get("/api/health/", headers={"Authorization": f"Api-Key {text}"}).status_code == 401
    assert api.post("/api/keys/", {}, content_type=JSON).status_code == 405


def test_the_audit_is_read_and_undone(api):
    post(api, "/api/departments/", name="Support")
    row = Department.objects.get()
    api.patch(f"/api/departments/{row.pk}/", {"name": "Care"}, content_type=JSON)
    page = api.get("/api/audit/?kind=staff.DepartmentEvent&page_size=1").json()
    latest = page["results"][0]
    assert (latest["deed"], latest["who"], latest["changes"]) == (
        "update", "API key Office", [{"label": "Name", "before": "Support", "after": "Care"}],
    )  # fmt: skip
    assert api.get(page["next"]).json()["results"][0]["deed"] == "insert"
    undo = f"/api/audit/{latest['model']}/{latest['id']}/undo/"
    assert api.post(undo).status_code == 204
    assert Department.objects.get().name == "Support"
    assert api.post(undo).status_code == 409
    assert api.post("/api/audit/staff.Nothing/1/undo/").status_code == 404
    assert api.get("/api/audit/?cursor=x").status_code == 400


def test_notices_are_ones_own(client, now):
    me, other = staff(Role.AGENT), staff(Role.AGENT)
    for user in (me, other):
        notices.tell(user_ids=[user.pk], kind=NoticeKind.NEED, key="x", text=f"For {user.pk}", url="/", now=now)
    client.force_login(me)
    assert [one["text"] for one in client.get("/api/notices/").json()["results"]] == [f"For {me.pk}"]
    assert client.post("/api/notices/read/").status_code == 204
    assert client.get("/api/notices/").json()["results"][0]["read_at"] is not None
    assert other.notices.get().read_at is None


def test_a_key_has_no_notices(api):
    assert api.get("/api/notices/").json()["results"] == []
    assert api.post("/api/notices/read/").status_code == 204
