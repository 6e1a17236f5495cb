"""The audit: who changed what, from what to what; and putting it back."""

import pytest
from django.apps import apps
from django.test import Client

from apps.campaigns.models import Snippet
from apps.core.models import CompanySettings
from apps.staff.actions import api_keys, audit, company
from apps.staff.enums import Role
from apps.staff.models import ApiKey, Department, User
from apps.staff.selectors.audit import Filters, event_models, page
from apps.touchpoints.models import Touchpoint
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db
URL = "/settings/audit/"


def events(model: str):
    return apps.get_model(model).objects.order_by("pgh_id")


def undo(client, event):
    return client.post(f"{URL}{event._meta.label}/{event.pgh_id}/undo/")


def rename(office, name: str) -> None:
    support = Department.objects.get()
    office.post(f"/settings/departments/{support.pk}/", {"name": name, "description": support.description})


def test_a_change_stands_there_with_who_made_it(office, admin):
    office.post("/settings/departments/", {"name": "Support", "description": "Answers"})
    rename(office, "Care")
    entry = page(Filters(kind="staff.DepartmentEvent")).entries[0]
    assert (entry.deed, entry.kind, entry.thing, entry.who) == ("update", "Department", "Care", admin.name)
    assert [(c.label, c.before, c.after) for c in entry.changes] == [("Name", "Support", "Care")]
    text = office.get(URL).content.decode()
    assert admin.name in text
    assert "Support</del>" in text


def test_what_a_key_changed_says_so(now):
    key = api_keys.create(name="Shop backend", scopes=["admin"])
    headers = {"Authorization": f"Api-Key {key}"}
    Client().post("/api/departments/", {"name": "Sales"}, content_type="application/json", headers=headers)
    (entry,) = page(Filters(kind="staff.DepartmentEvent")).entries
    assert entry.who == "API key Shop backend"


def test_what_milepost_did_says_so():
    Department.objects.create(name="Sales")
    assert page(Filters(kind="staff.DepartmentEvent")).entries[0].who == "Milepost itself"


def test_bulk_changes_are_in_it_too():
    Department.objects.bulk_create([Department(name="A"), Department(name="B")])
    Department.objects.update(description="x")
    assert len(page(Filters(kind="staff.DepartmentEvent")).entries) == 4


def test_values_are_readable(office):
    person, support = staff(Role.VIEWER), Department.objects.create(name="Support")
    office.post(
        f"/settings/staff/{person.pk}/",
        {"name": person.name, "role": "Agent", "department": support.pk, "is_active": ""},
    )
    entry = page(Filters(kind="staff.UserEvent")).entries[0]
    assert {(c.label, c.before, c.after) for c in entry.changes} == {
        ("Department", "", "Support"), ("May sign in", "yes", "no"),
    }  # fmt: skip
    given, taken = page(Filters(kind="staff.UserRoleEvent")).entries[:2]
    roles = {entry.deed: {change.after or change.before for change in entry.changes} for entry in (given, taken)}
    assert roles == {"insert": {person.name, "Agent"}, "delete": {person.name, "Viewer"}}


def test_no_secret_is_shown(sure, admin):
    response = sure.post("/settings/keys/new/", {"name": "Shop", "scopes": ["read"]})
    digest = ApiKey.objects.get().digest
    text = sure.get(URL).content.decode()
    assert "Shop" in text
    assert digest not in text
    assert admin.password not in text
    assert response.content.decode().split("mp_")[1][9:40] not in text


@pytest.mark.django_db(transaction=True)  # who did it is known until the end of the transaction
def test_filters(office, admin):
    Department.objects.create(name="Made by a worker")
    office.post("/settings/departments/", {"name": "Made by an admin"})
    for query, seen in (
        ({"person": admin.pk}, {"Made by an admin"}), ({"person": 999}, set()), ({"day": "2001-01-01"}, set()),
        ({"kind": "staff.DepartmentEvent"}, {"Made by an admin", "Made by a worker"}),
        ({"person": "x", "day": "never", "kind": "auth.User"}, {"Made by an admin", "Made by a worker"}),
    ):  # fmt: skip
        text = office.get(URL, query).content.decode()
        assert {name for name in ("Made by an admin", "Made by a worker") if name in text} == seen, query
    assert "Nothing was changed" in office.get(URL, {"day": "2001-01-01"}).content.decode()


def test_pages_by_cursor_miss_and_repeat_nothing():
    for n in range(25):
        Department.objects.create(name=f"D{n}")
        CompanySettings.objects.update_or_create(pk=1, defaults={"name": f"C{n}"})
    seen, cursor = [], None
    while True:
        found = page(Filters(), cursor=cursor, size=7)
        seen += [(entry.model, entry.pk) for entry in found.entries]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == sum(model.objects.count() for model in event_models().values())


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "bnVsbA"])
def test_a_wrong_cursor_begins_anew(office, cursor):
    assert office.get(f"{URL}?cursor={cursor}")["Location"] == URL


def test_a_page_needs_the_same_queries(office, django_assert_max_num_queries):
    Department.objects.create(name="A")
    with django_assert_max_num_queries(14) as few:
        office.get(URL)
    for n in range(28):
        UserFactory(department=Department.objects.create(name=f"D{n}"))
    with django_assert_max_num_queries(len(few.captured_queries) + 2):
        assert office.get(URL).content.decode().count("audit-entry") == 30


def test_undo_puts_back_exactly_what_changed(office):
    Department.objects.create(name="Support", description="Answers")
    rename(office, "Care")
    Department.objects.update(description="Answers everything")
    event = events("staff.DepartmentEvent")[1]
    assert undo(office, event).status_code == 302
    row = Department.objects.get()
    assert (row.name, row.description) == ("Support", "Answers everything")
    assert page(Filters(kind="staff.DepartmentEvent")).entries[0].changes[0].after == "Support"


def test_a_deleted_snippet_comes_back(office):
    Snippet.objects.create(name="greeting", text="Hello")
    Snippet.objects.get().delete()
    assert undo(office, events("campaigns.SnippetEvent").last()).status_code == 302
    assert (Snippet.objects.get().name, Snippet.objects.get().text) == ("greeting", "Hello")


def test_undo_is_refused_when_it_changed_again(office):
    Department.objects.create(name="Support")
    rename(office, "Care")
    first = events("staff.DepartmentEvent").last()
    rename(office, "Help")
    response = undo(office, first)
    assert response.status_code == 409
    assert "Name has been changed again since" in response.content.decode()
    assert Department.objects.get().name == "Help"


def test_undo_says_what_stands_in_the_way(office):
    Department.objects.create(name="Support")
    rename(office, "Care")
    event = events("staff.DepartmentEvent").last()
    Department.objects.create(name="Support")
    response = undo(office, event)
    assert response.status_code == 409
    assert "already exists" in response.content.decode()


def test_what_was_deleted_is_made_again(office):
    support = Department.objects.create(name="Support", description="Answers")
    office.post(f"/settings/departments/{support.pk}/delete/")
    event = events("staff.DepartmentEvent").last()
    assert undo(office, event).status_code == 302
    assert Department.objects.get() == support
    assert undo(office, event).status_code == 409


def test_what_was_deleted_since_is_not_put_back(office):
    Department.objects.create(name="Support")
    rename(office, "Care")
    event = events("staff.DepartmentEvent").last()
    Department.objects.all().delete()
    assert "deleted since" in undo(office, event).content.decode()


def test_settings_are_put_back(office):
    company.change(values={"currency": "EUR", "name": "One"})
    company.change(values={"currency": "CHF", "business_hours": {}})
    assert undo(office, events("core.CompanySettingsEvent").last()).status_code == 302
    row = CompanySettings.objects.get()
    assert (row.currency, row.name, len(row.business_hours)) == ("EUR", "One", 5)


def test_a_change_with_consequences_is_not_put_back(office):
    row = Touchpoint.objects.create(name="Cart", channel="web")
    row.name = "Basket"
    row.save()
    response = undo(office, events("touchpoints.TouchpointEvent").last())
    assert response.status_code == 409
    assert Touchpoint.objects.get().name == "Basket"


@pytest.mark.parametrize("model", ["staff.UserEvent", "staff.ApiKeyEvent", "staff.InviteEvent"])
def test_staff_and_keys_are_not_undone(office, admin, now, model):
    api_keys.create_new(name="Shop", scopes=["read"], owner=admin, now=now)
    User.objects.filter(pk=admin.pk).update(name="Other")
    event = events(model).last()
    if event is None:
        assert office.post(f"{URL}{model}/1/undo/").status_code == 404
    else:
        assert undo(office, event).status_code == 409


@pytest.mark.parametrize("model", ["auth.User", "staff.User", "pghistory.Context", "x"])
def test_only_events_are_undone(office, model):
    assert office.post(f"{URL}{model}/1/undo/").status_code == 404


def test_an_insert_is_not_undone():
    Department.objects.create(name="Support")
    with pytest.raises(audit.CannotUndo):
        audit.undo(event=events("staff.DepartmentEvent").get())


def test_every_tracked_model_can_be_listed():
    for label in event_models():
        page(Filters(kind=label))
