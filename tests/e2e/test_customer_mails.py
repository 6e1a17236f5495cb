"""What customers do with a mail in a real browser: every recipe's mails as phones and desktops show them, leaving and
choosing by the links of one; and a dry run, which sends none. Pictures go to the folder MAIL_PICTURES."""

import email
import email.policy
import os
import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.campaigns import program, recipes, wire
from apps.campaigns.actions import campaigns, delivering, running
from apps.campaigns.channels import choosing, mime
from apps.campaigns.enums import StepKind
from apps.campaigns.mails import filling, previewing
from apps.campaigns.mails.choosing import variants
from apps.campaigns.models import Campaign, Message
from apps.core import jobs
from apps.core.models import CompanySettings
from apps.customers.models import Consent
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.campaigns.smtp import mail_server
from tests.campaigns.ways import outgoing
from tests.factories import CustomerFactory, campaign, published_shop, surveys_and_sites

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
MAIL = {"channel": "email", "topic": "feedback", "subject": "How was it?", "body": "Tell us, {{ customer.name }}."}
WIDTHS = {"phone": 390, "desktop": 1440}
SENDING = (StepKind.MESSAGE, StepKind.SURVEY, StepKind.REVIEW_REQUEST)


@pytest.fixture
def mails(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    with mail_server() as (url, keeper):
        settings.EMAIL_URL = url
        yield keeper
        choosing.email_channel(url).close()


def links_of(mail: EmailMessage) -> dict[str, str]:
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    found = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {re.sub(r"<[^>]+>|\s+", " ", words).strip(): url for url, words in found}


def test_leaving_and_choosing_from_the_mail(page: Page, mails):
    now = timezone.now()
    published_shop(now)
    made = campaign(now, trigger={"on": "manual"}, steps=[{"message": MAIL}])
    ann = CustomerFactory(name="Ann Price", email="ann@mail.example")
    campaigns.enrol_by_hand(campaign=made, customer_ids=[ann.pk], now=now, key="1")
    running.run_due(now=timezone.now())
    delivering.deliver_due(now=timezone.now())
    links = links_of(mails.mails[0])
    page.goto(links["Unsubscribe"])
    expect(page.get_by_role("heading", name="Do you want fewer messages?")).to_be_visible()
    assert not Consent.objects.exists()  # a scanner that opens the link answers nothing
    page.get_by_role("button", name="Unsubscribe", exact=True).click()
    expect(page.get_by_text("We will not write to you about Feedback again.")).to_be_visible()
    assert latest_choice() == "out"
    page.get_by_role("link", name="Choose by topic what you get").click()
    box = page.get_by_role("group", name="Feedback").get_by_role("checkbox").first
    expect(box).not_to_be_checked()
    box.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    assert latest_choice() == "in"
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    campaigns.enrol_by_hand(campaign=made, customer_ids=[ann.pk], now=now, key="2")
    running.run_due(now=timezone.now())
    delivering.deliver_due(now=timezone.now())
    assert len(mails.mails) == 1


def latest_choice() -> str:
    return str(Consent.objects.latest("pk").choice)


@pytest.mark.parametrize("key", [recipe.key for recipe in recipes.RECIPES])
def test_the_mails_of_a_recipe(browser, key: str, settings):
    settings.PUBLIC_URL = "https://milepost.example"
    published_shop(timezone.now())
    surveys_and_sites()
    CompanySettings.objects.update_or_create(
        pk=1, defaults={"name": "Fernhill Outdoor", "postal_address": "Fernhill Outdoor\nMain Street 1\n12345 Berlin"}
    )
    ann = CustomerFactory(name="Ann Price", email="ann@mail.example")
    recipe = recipes.by_key(key)
    stage = recipes.best_stage(recipe, recipes.stages())
    draft = recipes.draft(recipe, stage=stage)
    made = Campaign.objects.create(name=draft["name"], draft=draft)
    steps = [one.text for one in program.lay_out(wire.read(draft).steps) if one.text.kind in SENDING]
    assert steps
    for number, step in enumerate(steps):
        letter = previewing.letter(kind=step.kind, settings=step.settings, campaign=made, customer=ann)
        for variant in variants(step.settings):
            content = filling.fill(letter, CompanySettings.current(), variant)
            parsed = parse(content)
            assert parsed["Subject"] == content.subject
            for name, width in WIDTHS.items():
                look(browser, content.html, width, f"{key}-{number}-{name}.png")


def parse(content: filling.Content) -> EmailMessage:
    """As a mail program reads it: nothing is defective, both parts say something."""
    said = outgoing(subject=content.subject, text=content.text, html=content.html,
                    unsubscribe_url=content.unsubscribe_url)  # fmt: skip
    mail = email.message_from_bytes(mime.build(said), policy=email.policy.default)
    assert [part.defects for part in mail.walk() if part.defects] == []
    assert "Ann" in mail.get_body(("plain",)).get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return mail


def look(browser, html: str, width: int, name: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].filter(i => !i.hasAttribute('alt')).length") == 0
    assert page.evaluate("[...document.links].every(a => /^https?:/.test(a.href))")
    assert page.get_by_text("Unsubscribe").count() == 1
    assert page.get_by_text("Main Street 1").count() >= 1
    folder = os.environ.get("MAIL_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / name, full_page=True)
    context.close()


def test_a_dry_run(signed_in: Page, live_server):
    now = timezone.now()
    published_shop(now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    made = campaign(now, active=False, trigger={"on": "event", "event": "Order Completed"}, steps=[{"message": MAIL}])
    for number in range(3):
        at = now - timedelta(days=10 + number)
        Interaction.objects.create(
            customer=CustomerFactory(name=f"Buyer {number}"), source=source, message_id=str(number), occurred_at=at,
            received_at=at, event="Order Completed", channel="web", origin="live", properties={},
        )  # fmt: skip
    signed_in.goto(f"{live_server.url}/campaigns/{made.pk}/dry-run/")
    expect(signed_in.get_by_text("No dry run yet")).to_be_visible()
    signed_in.get_by_role("button", name="Play the draft through").click()
    expect(signed_in.get_by_role("heading", name="On its way")).to_be_visible()
    jobs.run_due(clock=timezone.now, goes_on=lambda: True)
    row = signed_in.get_by_role("row", name=re.compile("Buyer 0"))
    expect(row.get_by_role("cell").first).to_be_visible()
    expect(signed_in.get_by_role("img").first).to_be_visible()
    assert not Message.objects.exists()
