"""The whole loop: a purchase leads to a thank-you and, after its wait, a review request and a survey at a real SMTP
server; the links are opened in a real browser, answered, and stand on the timeline."""

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.campaigns.actions import delivering, running
from apps.campaigns.channels import choosing
from apps.core.models import CompanySettings
from apps.feedback.models import Case, Response, ReviewSite
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.campaigns.smtp import mail_server
from tests.factories import THANK_YOU, CustomerFactory, campaign, published_shop
from tests.pipeline import drain
from tests.touchpoints.sending import post, track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def mails(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    with mail_server() as (url, keeper):
        settings.EMAIL_URL = url
        yield keeper
        choosing.email_channel(url).close()


def work(now) -> None:
    drain(now)
    while running.run_due(now=now):
        pass
    while delivering.deliver_due(now=now):
        pass
    drain(now)


def link_in(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(["plain"])
    assert body is not None
    found = re.search(rf"http\S+/{kind}/\S+", body.get_content())
    assert found is not None
    return found.group()


def test_from_purchase_to_answer(signed_in, client, live_server, mails):
    now = timezone.now()
    CompanySettings.objects.update_or_create(pk=1, defaults={"asks_every_days": None})  # a review request and a survey
    published_shop(now)
    ReviewSite.objects.create(name="Shop reviews", url=f"{live_server.url}/t.js")
    steps = [
        *THANK_YOU["steps"][:2],
        {"review_request": {"sites": ["Shop reviews"]}},
        {"survey": {"survey": "NPS", "channel": "email"}},
    ]
    campaign(now, steps=steps)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    traits = {"email": "ann@mail.example", "name": "Ann Price"}
    batch = [{"type": "identify", "userId": "u1", "traits": traits}, track("Order Completed", "u1")]
    assert post(client, source, "batch", {"batch": batch}).status_code == 200

    work(timezone.now())
    assert [mail["Subject"] for mail in mails.mails] == ["Thank you, Ann"]
    work(timezone.now() + timedelta(days=5))
    assert len(mails.mails) == 3
    review, survey = mails.mails[1:]

    browser = signed_in.context.browser.new_context(java_script_enabled=False)
    visitor = browser.new_page()
    visitor.goto(link_in(review, "s"))
    assert not Interaction.objects.filter(event="Review Link Opened").exists()
    visitor.click("text=Shop reviews")
    assert Interaction.objects.filter(event="Review Link Opened").count() == 1

    visitor.goto(link_in(survey, "s"))
    visitor.click("text=Send my answer")
    expect(visitor.locator(".error")).to_contain_text("Choose a number")
    visitor.locator("input[value='3']").check()
    visitor.fill("textarea", "The parcel came late <script>alert(1)</script>")
    visitor.click("text=Send my answer")
    expect(visitor.locator("h1")).to_have_text("Thank you")
    visitor.goto(link_in(survey, "s"))
    visitor.locator("input[value='6']").check()
    visitor.click("text=Send my answer")
    assert [(answer.score, answer.changed_at is not None) for answer in Response.objects.all()] == [(6, True)]
    drain(timezone.now())

    case = Case.objects.get()
    customer = case.customer
    signed_in.goto(f"{live_server.url}/customers/{customer.pk}/")
    timeline = signed_in.locator("#timeline")
    expect(timeline).to_contain_text("NPS: 6 / 10")
    expect(timeline).to_contain_text("The parcel came late <script>alert(1)</script>")
    expect(timeline).to_contain_text("Thank you, Ann")
    expect(timeline).to_contain_text("Review site opened")

    signed_in.goto(f"{live_server.url}/feedback/cases/{case.pk}/")
    signed_in.click("text=Close the case")
    expect(signed_in.locator(".error").first).to_contain_text("Say what caused it")
    signed_in.fill("#id_root_cause", "Carrier lost a day")
    signed_in.fill("#id_action_taken", "Refunded the postage")
    signed_in.click("text=Close the case")
    expect(signed_in.locator("#toasts")).to_contain_text("The case is closed")
    browser.close()


def test_unsubscribing_from_the_mail(page, client, live_server, mails):
    now = timezone.now()
    published_shop(now)
    campaign(now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    batch = [{"type": "identify", "userId": "u1", "traits": {"email": "bo@mail.example"}}, track("Order Completed")]
    post(client, source, "batch", {"batch": batch})
    work(timezone.now())
    page.goto(link_in(mails.mails[0], "u"))
    expect(page.locator("h1")).to_have_text("Do you want fewer messages?")
    page.click("text=No more messages at all")
    page.click("main button")
    expect(page.locator("h1")).to_have_text("You are unsubscribed")
    work(timezone.now() + timedelta(days=5))
    assert len(mails.mails) == 1


def test_logging_and_retracting_by_hand(signed_in, live_server):
    customer = CustomerFactory(name="Bo Lind")
    signed_in.goto(f"{live_server.url}/customers/{customer.pk}/")
    signed_in.click("text=Log interaction")
    signed_in.click("text=Log it")
    expect(signed_in.locator(".error").first).to_be_visible()
    signed_in.fill("#id_event", "Store visit")
    signed_in.fill("#id_note", "Tried boots on")
    signed_in.click("text=Log it")
    expect(signed_in.locator("#timeline")).to_contain_text("Tried boots on")
    signed_in.click("text=Retract")
    signed_in.click("#confirm button[value=yes]")
    expect(signed_in.locator("#timeline .is-retracted")).to_contain_text("Store visit")


def test_searching_as_one_types(signed_in, live_server):
    CustomerFactory(name="Bo Lind", email="bo@mail.example")
    CustomerFactory(name="Ann Price", email="ann@mail.example")
    signed_in.goto(f"{live_server.url}/customers/")
    signed_in.keyboard.press("Control+k")
    assert signed_in.evaluate("document.activeElement.name") == "q"
    signed_in.fill("main input[name=q]", "bo@")
    expect(signed_in.locator("#customers tbody tr")).to_have_count(1)
    expect(signed_in.locator("#customers")).to_contain_text("Bo Lind")
