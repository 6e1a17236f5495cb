"""A note on somebody's web page, as the snippet shows it: once, by keyboard, in both schemes, and as text only."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.campaigns.models import Message
from apps.customers.models import Identity
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]

TITLE = "Your boots <img src=x onerror=alert(1)>"
BUTTON = {"label": "See the boots", "url": "https://shop.example/boots"}
NOTE = {"message": {"channel": "web", "topic": "service", "subject": TITLE, "body": "They are here.", "utm": False,
                    "button": BUTTON}}  # fmt: skip
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
PAGE = """<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1><button>Buy</button></main>
<script src="/t.js" data-write-key="{key}"></script></html>"""


@pytest.fixture
def shop(browser: Browser, live_server) -> Iterator[Page]:
    """A page of a shop, in a browser that is known."""
    now = timezone.now()
    published_shop(now)
    ann = CustomerFactory()
    Identity.objects.create(kind="anonymous", value="browser-1", customer=ann)
    enrolled(campaign(now, steps=[NOTE]), ann, now)
    run_and_deliver(now)
    html = PAGE.format(key=sources.create(name="Web", kind=SourceKind.BROWSER).write_key)
    context = browser.new_context(user_agent=AGENT)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.add_init_script("localStorage.setItem('milepost.anonymous', 'browser-1')")
    page.route("**/shop", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{live_server.url}/shop")
    yield page
    context.close()
    assert faults == []


def test_shown_once_closed_by_keyboard(shop):
    note = shop.get_by_role("status")
    expect(note).to_contain_text(TITLE)
    expect(note).to_contain_text("They are here.")
    for scheme in ("light", "dark"):
        shop.emulate_media(color_scheme=scheme)
        assert Axe().run(shop).response["violations"] == []
    shop.get_by_role("link", name="See the boots").focus()
    shop.keyboard.press("Escape")
    expect(note).to_have_count(0)
    shop.reload()
    expect(shop.get_by_role("button", name="Buy")).to_be_visible()
    shop.wait_for_load_state("networkidle")
    expect(note).to_have_count(0)
    message = Message.objects.get()
    assert (message.opened_at is not None, message.clicked_at) == (True, None)


def test_its_link_is_counted(shop):
    shop.route("https://shop.example/**", lambda route: route.fulfill(body="boots"))
    with shop.expect_request("**/v1/notes/seen") as request:
        shop.get_by_role("link", name="See the boots").click()
    assert request.value.method == "POST"
    shop.wait_for_url("https://shop.example/boots")
    for _ in range(100):
        if Message.objects.get().clicked_at is not None:
            return
        shop.wait_for_timeout(100)
    raise AssertionError("the click did not arrive")
