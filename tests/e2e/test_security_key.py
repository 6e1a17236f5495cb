"""A security key in a real browser, with Chromium's virtual authenticator: registered, asked for, and removed."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import CDPSession, Page, expect

from apps.staff.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
PASSWORD = "a long password"


@pytest.fixture
def key(page: Page) -> Iterator[CDPSession]:
    """A key in the USB port that somebody always touches at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield session
    session.send("WebAuthn.disable")


def confirm(page: Page) -> None:
    """Where the page asks whether it is they."""
    if "/reauthenticate/" in page.url:
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="Go on").click()


def register(page: Page, url: str) -> None:
    page.goto(url + reverse("mfa_add_webauthn"))
    confirm(page)
    page.fill("input[name=name]", "Blue key")
    page.get_by_role("button", name="Touch the key now").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible(timeout=20_000)
    page.goto(url + reverse("mfa_list_webauthn"))
    expect(page.get_by_text("Blue key")).to_be_visible()
    expect(page.get_by_text("never used")).to_be_visible()


def sign_out_and_give_the_password(page: Page, url: str, user: User) -> None:
    page.context.clear_cookies()
    page.goto(f"{url}/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def test_register_sign_in_and_remove(signed_in: Page, key: CDPSession, live_server):
    page, url = signed_in, live_server.url
    user = User.objects.get()
    register(page, url)
    kept = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    assert (kept.user, kept.data["name"]) == (user, "Blue key")
    sign_out_and_give_the_password(page, url, user)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.goto(f"{url}/customers/")
    expect(page).to_have_url(re.compile("/accounts/second-factor/authenticate/"))  # the password alone opens nothing
    sign_out_and_give_the_password(page, url, user)
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{url}/", timeout=20_000)
    kept.refresh_from_db()
    assert kept.last_used_at is not None
    page.goto(url + reverse("mfa_remove_webauthn", args=[kept.pk]))
    confirm(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No security keys yet")).to_be_visible()
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()
    sign_out_and_give_the_password(page, url, user)
    page.wait_for_url(f"{url}/")  # the password is enough again


def test_another_key_does_not_open(signed_in: Page, key: CDPSession, live_server):
    """The one that was registered is not in the port any more."""
    page, url = signed_in, live_server.url
    user = User.objects.get()
    register(page, url)
    key.send("WebAuthn.disable")
    key.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_out_and_give_the_password(page, url, user)
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_timeout(1500)
    page.goto(f"{url}/customers/")
    expect(page).to_have_url(re.compile("/accounts/second-factor/authenticate/"))
    assert Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).last_used_at is None
