"""The studio in a real browser: a recipe to active in five clicks, a campaign from nothing, counts that move, an edit
that is published with a choice for who is on the way, and why somebody got a message."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.campaigns.actions import campaigns, delivering, running
from apps.campaigns.models import Campaign, Enrolment, Message
from tests.factories import CustomerFactory, published_shop, surveys_and_sites

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def studio(signed_in: Page, live_server, settings) -> Page:
    settings.PUBLIC_URL = live_server.url
    surveys_and_sites()
    published_shop(timezone.now())
    signed_in.goto(f"{live_server.url}/campaigns/")
    return signed_in


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def run() -> None:
    now = timezone.now()
    while running.run_due(now=now):
        pass
    while delivering.deliver_due(now=timezone.now()):
        pass


def test_a_recipe_is_active_in_five_clicks(studio: Page):
    studio.get_by_role("link", name="New campaign").click()
    studio.get_by_role("link", name="Thank-you").click()
    press(studio, "Create draft")
    studio.get_by_role("link", name="Activate").click()
    press(studio, "Activate")
    expect(studio.get_by_text("Thank-you is active.")).to_be_visible()
    assert Campaign.objects.get().state == "active"


def test_from_nothing_to_a_message_and_why(studio: Page, live_server):
    studio.goto(f"{live_server.url}/campaigns/new/empty/")
    studio.fill("input[name=name]", "By hand")
    press(studio, "Create draft")
    add_step(studio, "Message")
    studio.fill("input[name=subject]", "Good morning")
    studio.fill("textarea[name=body]", "Hello {{ customer.first_name | default: 'there' }}")
    press(studio, "Save")
    expect(studio.locator(".flow-card", has_text="Good morning")).to_be_visible()
    add_step(studio, "Wait")
    studio.fill("input[name=days]", "2")
    press(studio, "Save")
    expect(studio.locator(".flow-card", has_text="2 days")).to_be_visible()
    studio.get_by_role("link", name="Activate").click()
    press(studio, "Activate")
    expect(studio.get_by_text("By hand is active.")).to_be_visible()
    made, ann = Campaign.objects.get(), CustomerFactory(name="Ann Price")
    campaigns.enrol_by_hand(campaign=made, customer_ids=[ann.pk], now=timezone.now(), key="1")
    run()
    assert Message.objects.get().state == "sent"
    studio.goto(f"{live_server.url}/campaigns/{made.pk}/edit/")
    expect(studio.locator(".flow-card", has_text="Good morning").get_by_text("1 sent")).to_be_visible()
    expect(studio.locator(".flow-card", has_text="2 days").get_by_text("1 here")).to_be_visible()
    change_and_publish(studio)
    assert Enrolment.objects.get().version.number == 2
    studio.goto(f"{live_server.url}/customers/{ann.pk}/why/{made.pk}/")
    expect(studio.get_by_text("Good morning").first).to_be_visible()


def add_step(page: Page, kind: str) -> None:
    page.locator("summary", has_text="Add a step").last.click()
    page.locator(".flow-add details[open]").get_by_role("button", name=kind, exact=True).click()
    expect(page.locator("#builder-panel h2", has_text=kind)).to_be_visible()


def change_and_publish(page: Page) -> None:
    """Moves those who wait to the new version."""
    add_step(page, "Exit")
    press(page, "Save")
    expect(page.get_by_role("status").get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.locator("select[name^=decide-]").select_option("move")
    press(page, "Publish")
    expect(page.get_by_text("By hand is active.")).to_be_visible()
