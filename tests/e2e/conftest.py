"""A real browser against the real product in this process: pages by the live server, streams are tested elsewhere."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.staff.enums import Role
from tests.factories import staff

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
expect.set_options(timeout=30_000)  # for an outcome, however busy the machine is
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without Chromium these tests say so; in CI its absence is a fault."""
    if os.path.exists(CHROMIUM) or os.environ.get("CI"):  # noqa: PTH110 - the path may not exist
        return
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="Chromium was not found; install Debian's package chromium"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: Playwright's event loop would stand in the way of tests that run one themselves."""
    # Playwright's loop runs in this thread; Django would refuse the database for that.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Fails the test on a dialog, a script error or a violation of the content policy."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    made.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield made
    context.close()
    assert faults == []


@pytest.fixture
def signed_in(page: Page, live_server) -> Page:
    """As an admin, through the sign-in page."""
    user = staff(Role.ADMIN)
    user.set_password("a long password")
    user.save()
    page.goto(f"{live_server.url}/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", "a long password")
    page.click("main button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    return page
