"""The page of a message in a real browser: what is typed is seen at once, moved blocks keep the focus."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.factories import CustomerFactory, campaign, published_shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def test_a_message_is_written(signed_in: Page, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    published_shop(timezone.now())
    made = campaign(timezone.now())
    CustomerFactory(name="Ann Price", traits={"plan": "gold"})
    step = made.draft["steps"][0]
    step["message"].pop("body")
    step["message"]["blocks"] = [{"kind": "heading", "text": "One"}, {"kind": "text", "text": "Two"}]
    made.save()
    page = signed_in
    page.goto(live_server.url + reverse("step_message", args=[made.pk, step["key"]]))
    mail = page.frame_locator(".message-frame")
    page.fill("#block-0-text", "Dear {{ customer.name }}")
    expect(mail.get_by_text("Dear Ann Price")).to_be_visible(timeout=20_000)
    page.click("#down-0")
    expect(page.locator("#block-1-text")).to_have_value("Dear {{ customer.name }}", timeout=20_000)
    page.fill("#insert-name", "plan")
    page.fill("#insert-fallback", "free")
    page.focus("#block-0-text")
    page.keyboard.press("End")
    page.click("#insert")
    expect(page.locator("#block-0-text")).to_have_value("Two{{ customer.plan | default: 'free' }}", timeout=20_000)
    page.get_by_label("Somebody little is known of").check()
    expect(mail.get_by_text("customer.name is undefined")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The message is saved")).to_be_visible(timeout=20_000)
    made.refresh_from_db()
    assert [block["kind"] for block in made.draft["steps"][0]["message"]["blocks"]] == ["text", "heading"]
