"""API keys: shown once, renewed with an overlap, revoked at once."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.models import ApiKey
from tests.factories import UserFactory, staff
from tests.staff.conftest import log_in

pytestmark = pytest.mark.django_db
NEW = "/settings/keys/new/"


def shown(response) -> str:
    found = re.search(r"mp_[0-9a-f]{8}_[\w-]{43}", response.content.decode())
    assert found is not None
    return found.group()


def works(key: str) -> bool:
    return Client().get("/api/health/", headers={"Authorization": f"Api-Key {key}"}).status_code == 200


def test_a_key_is_not_made_without_the_password(office):
    response = office.post(NEW, {"name": "Shop", "scopes": ["read"]})
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"name": "x" * 101}])
def test_a_mistake_is_said(sure, wrong):
    assert sure.post(NEW, {"name": "Shop", "scopes": ["read"]} | wrong).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_key_is_shown_once(sure, admin):
    response = sure.post(NEW, {"name": "Shop", "scopes": ["read", "personal"]})
    key = shown(response)
    assert response["Cache-Control"] == "no-store"
    assert works(key)
    row = ApiKey.objects.get()
    assert (row.owner, row.scopes) == (admin, ["read", "personal"])
    assert key not in sure.get("/settings/keys/").content.decode()
    assert key.split("_", 2)[2] not in repr(list(ApiKey.objects.values()))


def test_two_keys_of_one_name_are_refused(sure):
    sure.post(NEW, {"name": "Shop", "scopes": ["read"]})
    response = sure.post(NEW, {"name": "Shop", "scopes": ["read"]})
    assert response.status_code == 422
    assert "There is a key of this name" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_the_name_of_a_revoked_key_is_free(sure, now):
    old = shown(sure.post(NEW, {"name": "Shop", "scopes": ["read"]}))
    assert sure.post(f"/settings/keys/{ApiKey.objects.get().pk}/revoke/").status_code == 302
    assert not works(old)
    assert works(shown(sure.post(NEW, {"name": "Shop", "scopes": ["read"]})))
    assert not works(old)


def test_the_old_key_works_for_another_day(now):
    owner = UserFactory()
    row, old = api_keys.create_new(name="Shop", scopes=["read"], owner=owner, now=now)
    newer, new = api_keys.renew(key_pk=row.pk, now=now)
    almost, after = now + timedelta(hours=23, minutes=59), now + timedelta(hours=24)
    assert api_keys.find(key=old, now=almost) == row
    assert api_keys.find(key=new, now=almost) == newer
    assert api_keys.find(key=old, now=after) is None
    assert api_keys.find(key=new, now=after) == newer
    assert (newer.name, newer.scopes, newer.owner) == ("Shop", ["read"], owner)


def test_a_key_is_renewed_once(now):
    row, _old = api_keys.create_new(name="Shop", scopes=["read"], owner=UserFactory(), now=now)
    api_keys.renew(key_pk=row.pk, now=now)
    with pytest.raises(api_keys.KeyIsOff):
        api_keys.renew(key_pk=row.pk, now=now)
    assert ApiKey.objects.count() == 2


def test_renewing_on_the_page(sure, office):
    old = shown(sure.post(NEW, {"name": "Shop", "scopes": ["read"]}))
    pk = ApiKey.objects.get().pk
    response = sure.post(f"/settings/keys/{pk}/renew/")
    new = shown(response)
    assert new != old
    assert works(old)
    assert works(new)
    assert "The old key works until" in response.content.decode()
    assert "Old, works until" in sure.get("/settings/keys/").content.decode()
    assert sure.post(f"/settings/keys/{pk}/renew/").status_code == 302


def test_a_key_ends_with_its_owner(now):
    owner = staff(Role.AGENT)
    _row, key = api_keys.create_new(name="Shop", scopes=["read"], owner=owner, now=now)
    owner.is_active = False
    owner.save()
    assert api_keys.find(key=key, now=now) is None


def test_a_posted_form_waits_for_the_password(client, admin):
    log_in(client, admin)
    client.post(NEW, {"name": "Shop", "scopes": ["read"]})
    response = client.post(f"/accounts/reauthenticate/?next={NEW}", {"password": "walks in the rain", "next": NEW})
    assert works(shown(response))


def test_the_list_needs_the_same_queries(office, admin, now, django_assert_max_num_queries):
    api_keys.create_new(name="A", scopes=["read"], owner=admin, now=now)
    with django_assert_max_num_queries(14) as few:
        office.get("/settings/keys/")
    for n in range(20):
        api_keys.create_new(name=f"B{n}", scopes=["read"], owner=UserFactory(), now=now)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert office.get("/settings/keys/").content.decode().count("New key<span") == 21


def test_the_empty_list_offers_the_button(office):
    assert "No API keys yet" in office.get("/settings/keys/").content.decode()
