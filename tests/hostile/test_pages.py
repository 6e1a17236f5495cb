"""Every page in a real browser over a database full of script: nothing runs, and nothing becomes mark-up."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from apps.core import links
from apps.core.models import Job
from apps.feedback.models import Review
from apps.staff.enums import Role
from apps.staff.models import Invite, User
from tests.architecture import world
from tests.architecture.test_access import POSTS, WHO
from tests.e2e.conftest import CHROMIUM, browser  # noqa: F401 - the fixture
from tests.factories import staff
from tests.hostile.infested import infest
from tests.hostile.strings import XSS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.e2e,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists() and not os.environ.get("CI"),
        reason="Chromium was not found; install Debian's package chromium",
    ),
]
LONG = os.environ.get("FAULTS") == "long"
# Files, and what allauth shows only to somebody with a second factor.
NO_PAGE = {
    "job_file",
    "journey_export",
    "map_image",
    "map_shared_image",
    "survey_code",
    "mfa_download_recovery_codes",
    "mfa_view_recovery_codes",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "mfa_deactivate_totp",
    "mfa_reauthenticate_webauthn",
    "account_set_password",
    "account_email",
}
QUERIES = [
    "customer_list",
    "company_list",
    "staff_list",
    "touchpoint_list",
    "review_list",
    "merge_choose",
    "touchpoint_create",
    "improvement_list",
]

WATCH = """
window.__faults = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.__faults.push(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
"""

# Opens what can be opened and moves over everything.
STIR = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll("[data-open], [data-confirm]:is(button)")) {
    one.click();
    for (const open of document.querySelectorAll("dialog[open]")) open.close();
  }
  for (const one of document.querySelectorAll("dialog")) { one.showModal(); one.close(); }
  for (const one of document.querySelectorAll("body *")) {
    for (const kind of ["mouseover", "mouseenter", "pointerenter", "focus"]) one.dispatchEvent(new Event(kind));
  }
}"""

# What of the texts became mark-up: handlers, addresses, scripts, foreign elements.
LOOK = """() => {
  const found = [...window.__faults];
  if (window.__hit) found.push("ran");
  const marked = (text) => /alert\\(1\\)|__hit/.test(text);
  const runs = /^(on|hx-|data-hx-|sse-|x-|@|:|srcdoc|style$|nonce)/i;
  const foreign = /^(script|style|iframe|object|embed|base|link|meta|portal|template|svg|math)$/i;
  const leads = /^(href|src|action|formaction|data|xlink:href|poster|srcset|background)$/i;
  for (const one of document.querySelectorAll("*")) {
    if (foreign.test(one.tagName) && marked(one.outerHTML)) found.push("element: " + one.outerHTML.slice(0, 200));
    for (const { name, value } of one.attributes) {
      if (runs.test(name) && marked(value)) found.push(`attribute: ${name}=${value.slice(0, 100)}`);
      if (marked(name)) found.push(`attribute's name: ${name}`);
      const isPicture = /^(IMG|LINK)$/.test(one.tagName) && value.startsWith("data:image/");
      if (!leads.test(name) || isPicture) continue;
      let scheme = "";
      try { scheme = new URL(value, location).protocol; } catch { continue; }
      if (!/^(https?|mailto|tel):$/.test(scheme)) found.push(`address: ${name}=${value.slice(0, 100)}`);
    }
  }
  return found;
}"""


@pytest.fixture
def page(browser, live_server, settings) -> Iterator[Page]:  # noqa: F811
    settings.PUBLIC_URL = live_server.url
    context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    made = context.new_page()
    made.set_default_timeout(60_000)
    yield made
    context.close()


def sign_in(page: Page, user: User, url: str) -> None:
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "email": user.email}]
    session.save()
    page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": url}])


def addresses(kwargs: dict[str, dict]) -> Iterator[str]:
    """Every page of the staff, of the admin, and behind the links in messages."""
    for name in sorted(set(WHO) - POSTS - NO_PAGE):
        if not name.startswith("api_"):
            yield reverse(name, kwargs=kwargs.get(name))
    asked = urlencode(dict.fromkeys(("q", "name", "site", "rule-0-event"), '"><img src=x onerror=alert(1)>'))
    for name in QUERIES:
        yield f"{reverse(name, kwargs=kwargs.get(name))}?{asked}"
    yield from (
        reverse("review_detail", args=[pk]) for pk in Review.objects.values_list("pk", flat=True).order_by("pk")[:14]
    )
    yield from (reverse("job_detail", args=[pk]) for pk in Job.objects.values_list("pk", flat=True).order_by("pk")[:6])
    for name in ("survey", "unsubscribe"):
        yield reverse(name, kwargs=kwargs[name])
    for model, shown in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{base}_changelist")
        row = model._default_manager.order_by("-pk").first()
        for kind in ("change", "history", "delete"):
            try:
                if row is not None:
                    yield reverse(f"{base}_{kind}", args=[row.pk])
            except NoReverseMatch:
                assert not shown
    yield reverse("admin:index")


def visit(page: Page, url: str, faults: list[tuple[str, str]]) -> None:
    response = page.goto(url)
    assert response is not None
    if response.status >= 500 or (response.status == 404 and "/admin/" not in url):
        faults.append((url, f"status {response.status}"))
    page.evaluate(STIR)
    faults += [(url, fault) for fault in page.evaluate(LOOK)]


# The theme of the admin has the old signature of one method; a page with actions warns of it.
@pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedInDjango2028Warning")
@pytest.mark.parametrize("texts", [[text] for text in XSS] if LONG else [XSS], ids=lambda texts: str(len(texts)))
def test_nothing_of_it_runs(page, live_server, texts):
    kwargs = world.build(timezone.now())
    infest(texts)
    faults: list[tuple[str, str]] = []
    page.on("pageerror", lambda error: faults.append((page.url, f"script: {error}")))
    page.on("dialog", lambda dialog: (faults.append((page.url, f"dialog: {dialog.message}")), dialog.dismiss()))
    page.on(
        "console", lambda said: faults.append((page.url, said.text)) if "Content Security Policy" in said.text else None
    )
    invite = Invite.objects.order_by("pk").first()
    assert invite is not None
    Invite.objects.filter(pk=invite.pk).update(expires_at=timezone.now() + timedelta(days=1))
    visit(page, f"{live_server.url}{reverse('join', args=[links.sign('invite', invite.pk)])}", faults)
    sign_in(page, staff(Role.ADMIN), live_server.url)
    for address in addresses(kwargs):
        visit(page, live_server.url + address, faults)
    assert not faults, "\n".join(ascii(one) for one in faults)


def test_the_look_sees_what_became_markup(page, live_server):
    """Without escaping nearly all of them would be found, so nothing found means something."""
    page.on("dialog", lambda dialog: dialog.dismiss())
    missed = []
    for text in (text for text in XSS if text[0] == "<" and text[-1] == ">"):
        page.goto(f"{live_server.url}/accounts/login/")
        page.evaluate("text => { document.querySelector('main').innerHTML = text }", text)
        if not page.evaluate(LOOK):
            missed.append(text)
    assert len(missed) < 15, missed
