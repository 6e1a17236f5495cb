"""With a second factor, the password alone opens nothing; a code works once."""

import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client

from apps.staff.adapters import SecondFactorAdapter
from apps.staff.enums import Role
from tests.staff.conftest import PASSWORD, log_in, with_password

pytestmark = pytest.mark.django_db
FACTOR = "/accounts/second-factor"


def code(secret: str) -> str:
    counter = int(time.time()) // 30
    return auth.format_hotp_value(auth.hotp_value(secret, counter))


@pytest.fixture
def secret(sure) -> str:
    """Sets an authenticator app up for the admin, on the pages."""
    page = sure.get(f"{FACTOR}/totp/activate/").content.decode()
    found = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert found is not None
    assert "data:image/svg+xml;base64," in page
    response = sure.post(f"{FACTOR}/totp/activate/", {"code": code(found.group(1))})
    assert response["Location"] == f"{FACTOR}/recovery-codes/"
    return found.group(1)


@pytest.fixture
def recovery_codes(sure, secret) -> list[str]:
    page = sure.get(f"{FACTOR}/recovery-codes/").content.decode()
    return re.findall(r"\b\d{8}\b", page.split("<pre", 1)[1].split("</pre>")[0])


def half_way(admin) -> Client:
    """Somebody who knows the password."""
    client = Client()
    response = log_in(client, admin)
    assert response["Location"].startswith(f"{FACTOR}/authenticate/")
    return client


def test_setting_up_asks_for_the_password_first(office):
    assert "/accounts/reauthenticate/" in office.get(f"{FACTOR}/totp/activate/")["Location"]


def test_a_wrong_code_sets_nothing_up(sure):
    sure.get(f"{FACTOR}/totp/activate/")
    page = sure.post(f"{FACTOR}/totp/activate/", {"code": "000000"}).content.decode()
    assert "That code is not right" in page
    assert not Authenticator.objects.exists()


def test_the_password_alone_opens_neither_a_page_nor_the_admin(admin, secret):
    client = half_way(admin)
    for path in ("/", "/customers/", "/settings/", "/account/", "/admin/"):
        response = client.get(path)
        assert response.status_code == 302, path
        assert "/login/" in response["Location"], path
    assert client.get("/api/health/").status_code in {401, 403}


def test_the_admin_has_no_sign_in_page_of_its_own(admin, secret):
    client = Client()
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    posted = client.post("/admin/login/", {"username": admin.email, "password": PASSWORD})
    assert posted["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_a_code_opens_and_works_once(admin, secret):
    with time_machine.travel(time.time() + 60, tick=False):
        right = code(secret)
        first, second = half_way(admin), half_way(admin)
        assert "is not right" in first.post(f"{FACTOR}/authenticate/", {"code": "000000"}).content.decode()
        assert first.post(f"{FACTOR}/authenticate/", {"code": right}).status_code == 302
        assert first.get("/admin/").status_code == 200
        page = second.post(f"{FACTOR}/authenticate/", {"code": right})
        assert "was used already" in page.content.decode()
        assert second.get("/").status_code == 302


def test_a_recovery_code_works_once(admin, recovery_codes):
    assert len(recovery_codes) == 10
    first, second = half_way(admin), half_way(admin)
    assert first.post(f"{FACTOR}/authenticate/", {"code": recovery_codes[0]}).status_code == 302
    assert first.get("/").status_code == 200
    assert second.post(f"{FACTOR}/authenticate/", {"code": recovery_codes[0]}).status_code == 200
    assert second.get("/").status_code == 302
    assert second.post(f"{FACTOR}/authenticate/", {"code": recovery_codes[1]}).status_code == 302


def test_the_database_holds_no_secret(secret, recovery_codes):
    stored = repr(list(Authenticator.objects.values()))
    assert secret not in stored
    assert not [one for one in recovery_codes if one in stored]


def test_without_its_key_no_code_fits(admin, secret, settings):
    settings.SECRET_KEY = "another"
    client = half_way(admin)
    assert client.post(f"{FACTOR}/authenticate/", {"code": code(secret)}).status_code == 200
    lost = [SecondFactorAdapter().decrypt("nonsense") for _time in range(2)]
    assert lost[0] != lost[1] != ""


def test_an_old_key_still_reads(admin, secret, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    with time_machine.travel(time.time() + 60, tick=False):
        client = half_way(admin)
        assert client.post(f"{FACTOR}/authenticate/", {"code": code(secret)}).status_code == 302


def test_the_staff_page_shows_it(sure, secret):
    assert "chip--positive" in sure.get("/settings/staff/").content.decode()


def test_every_page_of_the_second_factor_opens(sure, secret):
    for path in ("", "totp/deactivate/", "webauthn/", "webauthn/add/", "recovery-codes/generate/", "recovery-codes/"):
        assert sure.get(f"{FACTOR}/{path}").status_code == 200, path
    for path in (f"{FACTOR}/reauthenticate/", "/accounts/reauthenticate/"):
        assert sure.get(path).status_code == 200, path
    assert sure.get(f"{FACTOR}/recovery-codes/download/")["Content-Disposition"].startswith("attachment")


def test_switching_it_off(sure, admin, secret):
    assert sure.post(f"{FACTOR}/totp/deactivate/").status_code == 302
    assert log_in(Client(), admin)["Location"] == "/"


def test_signing_out_everywhere_else(office, admin):
    other = Client()
    log_in(other, admin)
    page = office.get("/accounts/sessions/").content.decode()
    assert page.count("This one") == 1
    assert office.post("/accounts/sessions/").status_code == 302
    assert office.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert "Sign out everywhere else" not in office.get("/accounts/sessions/").content.decode()


def test_nobody_signs_up(client):
    page = client.get("/accounts/signup/").content.decode()
    assert "by invitation" in page
    client.post("/accounts/signup/", {"email": "x@mail.example", "password1": PASSWORD, "password2": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_too_many_tries_are_slowed_down(client):
    user = with_password(Role.AGENT)
    seen = [
        client.post("/accounts/login/", {"login": user.email, "password": f"wrong {n}"}).status_code for n in range(12)
    ]
    assert log_in(client, user).status_code != 302 or 429 in seen
