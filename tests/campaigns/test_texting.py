"""SMS that come in and what becomes of ours: forgeries first."""

import base64
import hashlib
import hmac

import pytest
from django.conf import settings as conf
from django.urls import reverse
from django.utils import timezone

from apps.campaigns.models import Message, Suppression
from apps.core.models import CompanySettings
from apps.customers.models import Consent, Customer, Identity
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver

pytestmark = pytest.mark.django_db

TOKEN = "to/ken"
PHONE = "+4930123456"
SMS = {"message": {"channel": "sms", "topic": "service", "subject": "Hi", "body": "Your order is ready."}}


@pytest.fixture(autouse=True)
def _twilio(settings) -> None:
    settings.SMS_URL = "twilio://SID:to%2Fken@api.twilio.com/?from=%2B491"
    CompanySettings.objects.create(pk=1, name="Fernhill <Outdoor>")


@pytest.fixture
def ann() -> Customer:
    customer = CustomerFactory(name="Ann Price", phone=PHONE)
    Identity.objects.create(kind="phone", value=PHONE, customer=customer)
    return customer


@pytest.fixture
def message(ann, now, settings) -> Message:
    published_shop(now)
    enrolled(campaign(now, steps=[SMS]), ann, now)
    there, settings.SMS_URL = settings.SMS_URL, ""  # nothing leaves here
    run_and_deliver(now)
    settings.SMS_URL = there
    Message.objects.update(state="sent", sent_at=timezone.now(), provider_id="SM1", reason="")
    return Message.objects.get()


def signature(form: dict[str, str], token: str = TOKEN) -> str:
    said = conf.PUBLIC_URL + reverse("hook_sms") + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def post(client, form: dict[str, str], signed: str | None = None):
    headers = {"X-Twilio-Signature": signature(form) if signed is None else signed}
    return client.post(reverse("hook_sms"), form, headers=headers)


def text(body: str, sid: str = "SM9", **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": PHONE, "To": "+491", "Body": body, **more}


@pytest.mark.parametrize("signed", ["", "x", signature({}), "ö", signature(text("stop"), "other"), "A" * 28])
def test_a_wrong_signature(client, ann, signed):
    assert post(client, text("STOP"), signed).status_code == 403
    assert not Consent.objects.exists()


def test_a_field_that_was_changed(client, ann):
    form = text("STOP")
    assert post(client, form | {"From": "+4930999999"}, signature(form)).status_code == 403


def test_without_a_token_there_is_no_hook(client, ann, settings):
    settings.SMS_URL = ""
    assert post(client, text("STOP")).status_code == 404


@pytest.mark.parametrize("sender", ["", "Shop", "12", "+" + "9" * 60, "<b>"])
def test_who_has_no_number(client, sender):
    assert post(client, text("STOP") | {"From": sender}).status_code == 200
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop! ", "StopAll", "UNSUBSCRIBE", "cancel.", "END", "quit", "REVOKE", "Opt Out",
             "OPT-OUT", "optout", "“Stop”"],
)  # fmt: skip
def test_stop_is_obeyed_at_once_for_number_and_customer(client, message, ann, word):
    for _ in range(2):  # a replay
        response = post(client, text(word))
    assert "you get no more messages" in response.content.decode()
    rows = Consent.objects.order_by("pk")
    assert [(row.customer, row.address, row.topic, row.choice) for row in rows] == [
        (None, PHONE, None, "out"), (ann, PHONE, None, "out"),
    ]  # fmt: skip
    message.refresh_from_db()
    assert message.unsubscribed_at is not None
    assert Interaction.objects.filter(event="Unsubscribed").count() == 1


def test_stop_of_a_number_that_nobody_has(client):
    post(client, text("STOP"))
    assert Consent.objects.get().address == PHONE


def test_start_again(client, ann):
    post(client, text("STOP", "SM1"))
    response = post(client, text("UNSTOP", "SM2"))
    assert Consent.objects.latest("pk").choice == "in"
    assert "Reply STOP" in response.content.decode()


def test_help_says_who_writes_and_how_to_stop(client, ann):
    body = post(client, text("HELP")).content.decode()
    assert "<Message>Fernhill &lt;Outdoor&gt;: reply STOP" in body
    assert not Consent.objects.exists()


def test_the_provider_answers_itself_where_it_is_told_to(client, ann):
    response = post(client, text("STOP", OptOutType="STOP"))
    assert "<Message>" not in response.content.decode()
    assert Consent.objects.exists()


@pytest.mark.parametrize("said", ["Please stop by tomorrow", "<script>alert(1)</script>", "a\x00b", "🙂" * 900])
def test_anything_else_is_an_answer(client, message, ann, said):
    for _ in range(2):
        assert "<Message>" not in post(client, text(said)).content.decode()
    row = Interaction.objects.get(event="SMS Received")
    assert (row.customer, row.by, row.channel) == (ann, "customer", "sms")
    assert row.properties["text"] == said.replace("\x00", "")[:1600]
    message.refresh_from_db()
    assert message.replied_at is not None
    assert not Consent.objects.exists()


def test_an_answer_of_nobody_is_passed_over(client):
    assert post(client, text("Hello")).status_code == 200
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("said", "code", "kind"),
    [("delivered", "", ""), ("undelivered", "30005", "hard"), ("failed", "30003", "soft"), ("sent", "", "")],
)
def test_what_became_of_ours(client, message, said, code, kind):
    form = {"MessageSid": "SM1", "MessageStatus": said, "ErrorCode": code}
    for _ in range(2):
        assert post(client, form).status_code == 204
    message.refresh_from_db()
    assert (message.delivered_at is not None) is (said == "delivered")
    assert message.bounce_kind == kind
    assert Suppression.objects.filter(address=PHONE).exists() is (kind == "hard")


def test_of_a_message_that_is_not_ours(client, message):
    assert post(client, {"MessageSid": "SM2", "MessageStatus": "delivered"}).status_code == 204
    message.refresh_from_db()
    assert message.delivered_at is None


def test_a_number_that_had_said_stop_elsewhere(client, message):
    post(client, {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "21610"})
    assert Consent.objects.get().choice == "out"
