"""Every URL is walked with every role and with none: who may do what is the table of interface.md."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.architecture import world
from tests.factories import staff

pytestmark = pytest.mark.django_db

PUBLIC = {
    "collect", "snippet", "survey", "unsubscribe", "set_theme", "account_login", "account_logout", "account_signup",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_inactive", "account_confirm_email",
    "account_email_verification_sent", "account_confirm_login_code",
}  # fmt: skip
ALL = set(Role)
PEOPLE = {Role.AGENT, Role.MARKETER, Role.ADMIN}
AGENTS = {Role.AGENT, Role.ADMIN}
DESIGNERS = {Role.MARKETER, Role.ADMIN}
ADMINS = {Role.ADMIN}
WHO = {
    "home": ALL, "journey_list": ALL, "journey_detail": ALL, "insights": ALL, "funnel": ALL,
    "api_journey_list": ALL, "api_journey_detail": ALL, "api_journey_funnel": ALL, "api_health": ALL,
    "customer_list": PEOPLE, "customer_detail": PEOPLE, "funnel_customers": PEOPLE, "feedback": PEOPLE,
    "case_list": PEOPLE, "case_detail": PEOPLE, "campaign_list": PEOPLE, "campaign_detail": PEOPLE, "outbox": PEOPLE,
    "message_detail": PEOPLE, "api_customer_list": PEOPLE, "api_customer_timeline": PEOPLE,
    "api_customer_journeys": PEOPLE, "api_customer_messages": PEOPLE, "api_campaign_list": PEOPLE,
    "interaction_log": AGENTS, "interaction_retract": AGENTS, "case_reopen": AGENTS, "api_customer_consents": AGENTS,
    "campaign_change": DESIGNERS, "message_replay": DESIGNERS, "api_journey_import": DESIGNERS,
    "api_journey_publish": DESIGNERS, "api_campaign_import": DESIGNERS, "api_campaign_activate": DESIGNERS,
    "api_campaign_pause": DESIGNERS,
    "source_list": ADMINS, "source_create": ADMINS, "source_detail": ADMINS, "source_renew_key": ADMINS,
    "account_change_password": ALL, "account_set_password": ALL, "account_email": ALL, "account_reauthenticate": ALL,
}  # fmt: skip
POSTS = {"interaction_retract", "case_reopen", "campaign_change", "message_replay", "source_renew_key", "set_theme",
         "api_customer_consents", "api_journey_import", "api_journey_publish", "api_campaign_import",
         "api_campaign_activate", "api_campaign_pause"}  # fmt: skip


def names(patterns=None) -> set[str]:
    found = set()
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if getattr(pattern, "app_name", None) == "admin":
            continue
        if hasattr(pattern, "url_patterns"):
            found |= names(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_every_url_is_in_one_of_the_lists():
    unknown = names() - PUBLIC - set(WHO)
    assert not unknown, f"say who may open: {sorted(unknown)}"
    assert not (set(WHO) | PUBLIC) - names()


@pytest.fixture
def kwargs(now):
    return world.build(now)


def ask(client: Client, name: str, kwargs: dict):
    url = reverse(name, kwargs=kwargs.get(name))
    if name in POSTS:
        return client.post(url, "{}", content_type="application/json") if name.startswith("api_") else client.post(url)
    return client.get(url)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_the_table_says(role, client, kwargs):
    client.force_login(staff(role))
    for name in sorted(set(WHO) - {"account_set_password"}):
        status = ask(client, name, kwargs).status_code
        if role in WHO[name]:
            assert status < 500, (name, status)
            assert status not in {401, 403, 404}, (name, status)
        else:
            assert status == 403, (name, status)


def test_nobody_gets_in_without_signing_in(client, kwargs):
    for name in sorted(WHO):
        response = ask(client, name, kwargs)
        if name.startswith("api_"):
            assert response.status_code in {401, 403}, name
        else:
            assert response.status_code == 302, name
            assert reverse(settings.LOGIN_URL) in response["Location"], name


def test_the_admin_is_for_admins(client):
    for role in Role:
        client.force_login(staff(role))
        assert client.get("/admin/").status_code == (200 if role is Role.ADMIN else 302)


@pytest.mark.parametrize(
    ("scopes", "name", "status"),
    [
        (["read"], "api_health", 200), (["read"], "api_customer_list", 403), (["personal"], "api_customer_list", 200),
        (["read", "personal"], "api_customer_consents", 403), (["write"], "api_journey_import", 400),
        (["read"], "api_journey_import", 403), (["admin"], "api_customer_list", 200),
    ],
)  # fmt: skip
def test_a_key_may_what_its_scopes_say(client, kwargs, scopes, name, status):
    key = api_keys.create(name="K", scopes=scopes)
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    assert ask(client, name, kwargs).status_code == status


@pytest.mark.parametrize("key", ["", "nonsense", "mp_x_y", "mp_00000000_" + "x" * 43])
def test_a_wrong_key_is_refused(client, key):
    response = client.get(reverse("api_health"), headers={"Authorization": f"Api-Key {key}"})
    assert response.status_code == 401
