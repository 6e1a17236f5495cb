"""A newcomer's first hour in a real browser: company set up, a colleague invited and joined, a source connected, the
first event seen."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from apps.staff.models import User
from apps.touchpoints.models import Source
from tests.touchpoints.sending import post, track

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def test_from_an_empty_company_to_the_first_event(signed_in: Page, browser: Browser, client, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    page = signed_in
    expect(page.get_by_role("heading", name="Your first hour")).to_be_visible()
    set_up_company(page)
    link = invite_colleague(page)
    join(browser, link)
    connect_source(page)
    assert post(client, Source.objects.get(name="Shop"), "track", track("Order Completed")).status_code == 200
    # The page asks by itself every two seconds.
    expect(page.get_by_text("Order Completed").first).to_be_visible(timeout=20_000)
    page.goto(f"{live_server.url}/")
    hour = page.locator("section", has=page.get_by_role("heading", name="Your first hour"))
    expect(hour.get_by_label("Done", exact=True)).to_have_count(4)


def set_up_company(page: Page) -> None:
    page.get_by_role("link", name="Settings").first.click()
    page.fill("input[name=name]", "Fernhill Outdoor")
    page.fill("textarea[name=postal_address]", "Bergstr. 1, 10115 Berlin")
    page.fill("input[name=time_zone]", "Europe/Nowhere")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write a time zone")).to_be_visible()
    assert page.input_value("input[name=name]") == "Fernhill Outdoor"
    page.fill("input[name=time_zone]", "Europe/Berlin")
    page.fill("input[name=sender_name]", "Fernhill")
    page.fill("input[name=sender_email]", "hello@fernhill.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Fernhill Outdoor").first).to_be_visible()


def invite_colleague(page: Page) -> str:
    page.goto(page.url.split("/settings")[0] + reverse("staff_invite"))
    page.fill("input[name=email]", "bo@fernhill.example")
    page.select_option("select[name=role]", "Agent")
    page.get_by_role("button", name="Invite").click()
    link = page.locator("code", has_text="/join/").first.inner_text()
    return link.strip()


def join(browser: Browser, link: str) -> None:
    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    other.fill("input[name=name]", "Bo Lind")
    for field in other.locator("input[type=password]").all():
        field.fill("a quite long password 42")
    other.locator("main button[type=submit], form button[type=submit]").last.click()
    expect(other.get_by_text("Home").first).to_be_visible()
    context.close()
    assert User.objects.get(email="bo@fernhill.example").roles == ["Agent"]


def connect_source(page: Page) -> None:
    page.get_by_role("link", name="Sources").first.click()
    page.get_by_role("link", name="Add a source").first.click()
    page.fill("input[name=name]", "Shop")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Waiting").first).to_be_visible()
