"""The admin site: for admins alone, and there only what its own pages allow."""

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.feedback.models import ReviewSite
from apps.staff.enums import Role
from apps.staff.models import User
from tests.architecture import world
from tests.factories import staff

pytestmark = [
    pytest.mark.django_db,
    # The theme of the admin has the old signature of one method; a page with actions warns of it.
    pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedInDjango2028Warning"),
]
# What an admin gets: the list, the page that adds, the page of one, the page that deletes it.
PAGES = {
    "account.emailaddress": (200, 200, 200, 200), "mfa.authenticator": (200, 200, 200, 200),
    "usersessions.usersession": (200, 200, 200, 200), "staff.user": (200, 403, 200, 403),
    "staff.apikey": (200, 403, 200, 403), "customers.persona": (200, 200, 200, 200),
    "customers.topic": (200, 200, 200, 200), "feedback.survey": (200, 200, 200, 200),
    "feedback.reviewsite": (200, 200, 200, 200), "campaigns.suppression": (200, 200, 200, 200),
}  # fmt: skip
OTHERS = sorted(set(Role) - {Role.ADMIN})


def address(label: str, page: str, *args) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def pages(label: str, pk: object) -> list[str]:
    return [address(label, "changelist"), address(label, "add"),
            address(label, "change", pk), address(label, "delete", pk)]  # fmt: skip


def test_every_model_of_the_admin_is_in_the_table():
    assert {model._meta.label_lower for model in admin.site._registry} == set(PAGES)


@pytest.fixture
def rows(now) -> dict[str, object]:
    """The pk of a row of each model that has one in the world; of the others any number, which is nobody's."""
    world.build(now)
    first = {model._meta.label_lower: model._default_manager.order_by("pk").first() for model in admin.site._registry}
    return {label: row.pk if row else None for label, row in first.items()}


@pytest.mark.parametrize("role", [None, *OTHERS])
def test_others_get_none_of_it(role, client, rows):
    if role:
        client.force_login(staff(role))
    before = {model: model._default_manager.count() for model in admin.site._registry}
    for label in PAGES:
        for url in pages(label, rows[label] or 1):
            for response in (client.get(url), client.post(url, {"post": "yes", "name": "X", "key": "x"})):
                assert response.status_code == 302, (url, role)
                assert "/login/" in response["Location"], (url, role)
    assert {model: model._default_manager.count() for model in admin.site._registry} == before


def test_an_admin_gets_what_the_table_says(client, rows):
    client.force_login(staff(Role.ADMIN))
    for label, expected in PAGES.items():
        urls = pages(label, rows[label]) if rows[label] else pages(label, 1)[:2]
        assert tuple(client.get(url).status_code for url in urls) == expected[: len(urls)], label


def test_an_admin_cannot_write_where_the_page_only_shows(client, rows):
    client.force_login(staff(Role.ADMIN))
    before = (User.objects.count(), list(User.objects.order_by("pk").values_list("pk", "is_superuser")))
    for label in ("staff.user", "staff.apikey"):
        _list, add, change, delete = pages(label, rows[label])
        assert client.post(add, {"email": "x@staff.example", "name": "X"}).status_code == 403
        assert client.post(delete, {"post": "yes"}).status_code == 403
        if label == "staff.apikey":
            assert client.post(change, {"name": "Other", "scopes": "admin"}).status_code == 403
    assert (User.objects.count(), list(User.objects.order_by("pk").values_list("pk", "is_superuser"))) == before


def test_the_tools_of_the_admin_are_for_admins(client):
    names = ["index", "password_change", "jsi18n", "autocomplete"]
    for role in OTHERS:
        client.force_login(staff(role))
        for name in names:
            assert client.get(reverse(f"admin:{name}")).status_code in {302, 403}, (name, role)


def test_what_an_admin_adds_is_there(client):
    """The table says that the pages write; so that it is not the pages that are empty."""
    client.force_login(staff(Role.ADMIN))
    assert client.post(address("feedback.reviewsite", "add"), {"name": "Stars", "url": "https://stars.example"})
    assert ReviewSite.objects.filter(name="Stars").exists()
