"""Settings, Webhooks: pages and API; every way in refuses an address that must not be called."""

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from apps.campaigns.actions import campaigns, endpoints
from apps.campaigns.channels import Outcome, choosing
from apps.campaigns.channels.esp import Esp
from apps.campaigns.channels.keep import Keep
from apps.campaigns.channels.sms import Twilio
from apps.campaigns.channels.webhook import Gone
from apps.campaigns.models import Endpoint
from apps.campaigns.models_sending import fingerprint
from apps.staff.actions import api_keys
from tests.campaigns.ways import outgoing
from tests.factories import campaign, published_shop
from tests.staff.conftest import _no_tries_of_other_tests, admin, office, sure  # noqa: F401 - fixtures
from tests.web_server import answer, hang_up, web_server

pytestmark = pytest.mark.django_db
URL, NEW, API = "/settings/webhooks/", "/settings/webhooks/new/", "/api/endpoints/"
PUBLIC = "https://93.184.215.14/hook"
BAD = [
    "", "nonsense", "http://93.184.215.14/", "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/",
    "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/",
    "https://user:secret@93.184.215.14/", "https://93.184.215.14:22/", "https://93.184.215.14/\r\nX: y", "file:///etc/passwd",
    "https://localhost/", "https://" + "x" * 1100,
]  # fmt: skip


@pytest.fixture
def site(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with web_server() as found:
        yield found


@pytest.fixture
def warehouse(site):
    return endpoints.create(name="Warehouse", url=f"{site.url}/hook", shape="standard")


@pytest.fixture
def program(client):
    """A client with a key of the scope admin."""
    key = api_keys.create(name="K", scopes=["admin"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    return client


def rotated(client, endpoint: Endpoint):
    """As the page does it."""
    page = client.get(f"{URL}{endpoint.pk}/").content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    return client.post(f"{URL}{endpoint.pk}/rotate/", {"seen": seen.group(1)})


def secret_in(response) -> str:
    found = re.search(r"whsec_[\w+/=]{24,}", response.content.decode())
    assert found is not None
    return found.group()


def test_neither_an_endpoint_nor_a_secret_without_the_password(office, warehouse):  # noqa: F811
    before = warehouse.secret
    for url in (NEW, f"{URL}{warehouse.pk}/", f"{URL}{warehouse.pk}/rotate/"):
        response = office.post(url, {"name": "X", "url": PUBLIC, "shape": "standard"})
        assert response["Location"].startswith("/accounts/reauthenticate/")
    warehouse.refresh_from_db()
    assert (warehouse.secret, warehouse.name, Endpoint.objects.count()) == (before, "Warehouse", 1)


@pytest.mark.parametrize("url", BAD)
def test_every_way_in_refuses_an_address_that_must_not_be_called(sure, url):  # noqa: F811
    kept = Endpoint.objects.create(name="Kept", url=PUBLIC)
    assert sure.post(NEW, {"name": "Bad", "url": url, "shape": "standard"}).status_code == 422
    assert sure.post(API, {"name": "Bad", "url": url}, content_type="application/json").status_code == 400
    response = sure.patch(f"{API}{kept.pk}/", {"url": url}, content_type="application/json")
    assert response.status_code == 400
    if url:
        response = sure.post(f"{URL}{kept.pk}/", {"name": "Kept", "url": url, "shape": "standard"})
        assert response.status_code == 422
        assert "secret@" not in response.content.decode().replace(url, "")
    kept.refresh_from_db()
    assert (kept.url, Endpoint.objects.count()) == (PUBLIC, 1)


def test_a_name_that_means_our_own_network_is_refused(sure):  # noqa: F811
    """localhost is looked up, as every name is."""
    response = sure.post(NEW, {"name": "Bad", "url": "https://localhost/", "shape": "standard"})
    assert "must not be called from here" in response.content.decode()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 101}, {"shape": "fax"}, {"shape": ""}])
def test_a_mistake_is_said(sure, wrong):  # noqa: F811
    given = {"name": "A", "url": PUBLIC, "shape": "standard"} | wrong
    assert sure.post(NEW, given).status_code == 422
    assert sure.post(API, given, content_type="application/json").status_code == 400
    assert not Endpoint.objects.exists()


def test_two_of_one_name_are_refused(sure, warehouse):  # noqa: F811
    given = {"name": "Warehouse", "url": PUBLIC, "shape": "standard"}
    response = sure.post(NEW, given)
    assert response.status_code == 422
    assert "There is an endpoint of this name" in response.content.decode()
    assert sure.post(API, given, content_type="application/json").status_code == 409
    other = endpoints.create(name="Other", url=PUBLIC, shape="standard")
    response = sure.post(f"{URL}{other.pk}/", {**given, "url": ""})
    assert response.status_code == 422
    assert "<h1>Warehouse" not in response.content.decode()


def test_the_name_that_campaigns_call_stays(sure, warehouse, now):  # noqa: F811
    published_shop(now)
    made = campaign(now, steps=[{"webhook": {"endpoint": "Warehouse"}}])
    given = {"name": "Depot", "url": "", "shape": "standard"}
    response = sure.post(f"{URL}{warehouse.pk}/", given)
    assert response.status_code == 422
    assert f"these call it: the campaign “{made.name}”" in html.unescape(response.content.decode())
    response = sure.patch(f"{API}{warehouse.pk}/", {"name": "Depot"}, content_type="application/json")
    assert response.status_code == 409
    campaigns.archive(campaign=made, now=now)
    assert sure.post(f"{URL}{warehouse.pk}/", given).status_code == 302


def test_the_secret_is_shown_once_and_signs_the_calls(sure, site):  # noqa: F811
    response = sure.post(NEW, {"name": "Warehouse", "url": f"{site.url}/s3cret-path", "shape": "standard"})
    secret = secret_in(response)
    assert response["Cache-Control"] == "no-store"
    row = Endpoint.objects.get()
    for page in (URL, f"{URL}{row.pk}/", API, f"{API}{row.pk}/", "/settings/audit/"):
        shown = sure.get(page).content.decode()
        assert secret not in shown
        assert "s3cret-path" not in shown
    assert sure.post(f"{URL}{row.pk}/test/").status_code == 302
    (asked,) = site.asked
    assert Receiver(secret).verify(asked.body, asked.headers)["type"] == "milepost.test"


def test_a_new_secret_takes_the_place_of_the_old_one(sure, warehouse, site):  # noqa: F811
    old = warehouse.secret
    new = secret_in(rotated(sure, warehouse))
    assert new != old
    told = sure.post(f"{API}{warehouse.pk}/rotate/").json()
    assert told["secret"] not in {old, new}
    sure.post(f"{URL}{warehouse.pk}/test/")
    Receiver(told["secret"]).verify(site.asked[0].body, site.asked[0].headers)


def test_the_secret_before_is_signed_with_for_a_day(sure, warehouse, site):  # noqa: F811
    old, older = secret_in(rotated(sure, warehouse)), warehouse.secret
    new = secret_in(rotated(sure, warehouse))
    sure.post(f"{URL}{warehouse.pk}/test/")
    asked = site.asked[-1]
    for good in (new, old):
        Receiver(good).verify(asked.body, asked.headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(older).verify(asked.body, asked.headers)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert Endpoint.objects.get().secrets_at(timezone.now()) == [new]


def test_reloading_the_page_of_a_new_secret_makes_no_other(sure, warehouse):  # noqa: F811
    seen = {"seen": fingerprint(warehouse.secret)}
    new = secret_in(sure.post(f"{URL}{warehouse.pk}/rotate/", seen))
    again = sure.post(f"{URL}{warehouse.pk}/rotate/", seen, follow=True).content.decode()
    assert "There is a new secret already" in again
    warehouse.refresh_from_db()
    assert (warehouse.secret, new in again) == (new, False)


def test_a_chat_room_has_no_secret_to_show(sure):  # noqa: F811
    assert sure.post(NEW, {"name": "Sales", "url": PUBLIC, "shape": "slack"}).status_code == 302
    row = Endpoint.objects.get()
    assert "New secret" not in sure.get(f"{URL}{row.pk}/").content.decode()


def test_an_empty_address_stays_as_it_is(sure, warehouse):  # noqa: F811
    before = warehouse.url
    given = {"name": "Storehouse", "url": "", "shape": "teams"}
    assert sure.post(f"{URL}{warehouse.pk}/", given).status_code == 302
    warehouse.refresh_from_db()
    assert (warehouse.name, warehouse.url, warehouse.shape) == ("Storehouse", before, "teams")


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_a_test_call_shows_the_status_and_never_the_body(office, warehouse, site, status):  # noqa: F811
    site.answers = [answer(status, b"internal page 7f3a", Location="http://127.0.0.1/")]
    page = office.post(f"{URL}{warehouse.pk}/test/", follow=True).content.decode()
    assert f"It answered {status}" in page
    assert "7f3a" not in page
    told = office.post(f"{API}{warehouse.pk}/test/").json()
    assert (told["status"], told["is_well"]) == (status, status == 200)
    assert "7f3a" not in str(told)


def test_a_test_call_that_fails_says_why(office, warehouse, site, settings):  # noqa: F811
    site.answers = [hang_up]
    assert "did not answer it" in office.post(f"{URL}{warehouse.pk}/test/", follow=True).content.decode()
    settings.OUTGOING_ALLOWED_HOSTS = []
    page = office.post(f"{URL}{warehouse.pk}/test/", follow=True).content.decode()
    assert "may be called" in page
    assert office.post(f"{API}{warehouse.pk}/test/").json()["status"] is None
    assert len(site.asked) == 1


def test_who_answers_410_is_called_no_more_until_somebody_switches_it_on(office, warehouse, site):  # noqa: F811
    site.answers = [answer(410), answer(200)]
    result = choosing.channel_for("webhook", endpoint=warehouse).send(outgoing(), deadline_seconds=2)
    assert isinstance(result, Gone)
    endpoints.stop(endpoint=warehouse, reason=result.detail)
    warehouse.refresh_from_db()
    assert (warehouse.is_active, warehouse.stopped_because) == (False, result.detail)
    with pytest.raises(choosing.NoChannel):
        choosing.channel_for("webhook", address="Warehouse")
    assert "410" in office.get(URL).content.decode()
    assert office.post(f"{URL}{warehouse.pk}/switch/", {"on": "yes"}).status_code == 302
    warehouse.refresh_from_db()
    assert (warehouse.is_active, warehouse.stopped_because) == (True, "")
    assert choosing.channel_for("webhook", address="Warehouse").name == f"endpoint:{warehouse.pk}"


def test_switching_off_and_on_does_the_same_twice(office, warehouse):  # noqa: F811
    for on, is_active in (("no", False), ("no", False), ("yes", True), ("yes", True), ("", False)):
        office.post(f"{URL}{warehouse.pk}/switch/", {"on": on})
        warehouse.refresh_from_db()
        assert warehouse.is_active is is_active


def test_the_api(program, site):
    made = program.post(API, {"name": "A", "url": f"{site.url}/x"}, content_type="application/json")
    assert made.status_code == 201
    pk = made.json()["id"]
    assert made.json()["secret"].startswith("whsec_")
    assert program.get(API).json()["results"] == [
        {"id": pk, "name": "A", "host": "127.0.0.1", "shape": "standard", "is_active": True, "stopped_because": ""}
    ]
    changed = program.patch(f"{API}{pk}/", {"is_active": False, "name": "B"}, content_type="application/json")
    assert (changed.json()["name"], changed.json()["is_active"]) == ("B", False)
    assert program.get(f"{API}{pk}/").json() == changed.json()
    assert program.get(f"{API}{pk + 1}/").status_code == 404
    for bad in ({"is_active": "perhaps"}, {"shape": "fax"}, {"name": ""}):
        assert program.patch(f"{API}{pk}/", bad, content_type="application/json").status_code == 400


def test_the_list_needs_the_same_queries(office, warehouse, django_assert_max_num_queries):  # noqa: F811
    with django_assert_max_num_queries(14) as few:
        office.get(URL)
    for n in range(20):
        Endpoint.objects.create(name=f"E{n}", url=PUBLIC)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert office.get(URL).content.decode().count("Test call<span") == 21


def test_the_empty_list_offers_the_button(office):  # noqa: F811
    assert "No endpoints yet" in office.get(URL).content.decode()


def test_the_audit_keeps_neither_secret_nor_address():
    kept = {field.name for field in apps.get_model("campaigns.EndpointEvent")._meta.fields}
    assert "name" in kept
    assert not {"secret", "url"} & kept


# --- by what a message leaves


def test_a_way_without_its_setting_keeps_the_message_and_says_so(settings):
    settings.EMAIL_URL = settings.SMS_URL = ""
    for way, missing in (("email", "EMAIL_URL"), ("sms", "SMS_URL")):
        channel = choosing.channel_for(way)
        assert isinstance(channel, Keep)
        result = channel.send(outgoing(), deadline_seconds=1)
        assert (result.outcome, missing in result.detail) == (Outcome.SENT, True)


def test_a_way_is_chosen_by_its_address_and_made_once(settings):
    settings.EMAIL_URL, settings.SMS_URL = "anymail+postmark://token@", "twilio://AC1:t@/?from=%2B1"
    mail, sms = choosing.channel_for("email"), choosing.channel_for("sms")
    assert isinstance(mail, Esp)
    assert isinstance(sms, Twilio)
    assert (mail.name, sms.name) == ("postmark", "twilio")
    assert [choosing.provider_name(way) for way in ("email", "sms", "webhook", "web")] == [
        "postmark",
        "twilio",
        "webhook",
        "web",
    ]
    assert choosing.channel_for("email") is mail
    assert choosing.channel_for("sms") is sms
    settings.EMAIL_URL = "smtp://127.0.0.1:2525"
    assert choosing.channel_for("email").name == "smtp"
    assert urlsplit(sms._url).hostname == "api.twilio.com"


@pytest.mark.parametrize(("way", "address"), [("pigeon", ""), ("", ""), ("webhook", ""), ("webhook", "x")])
def test_what_cannot_leave_says_what_is_missing(way, address):
    with pytest.raises(choosing.NoChannel) as caught:
        choosing.channel_for(way, address=address)
    assert str(caught.value)
