"""Every page of the staff in a real browser: axe finds nothing, in both themes and at 320 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from tests.architecture import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]

PAGES = [
    "home", "customer_list", "customer_detail", "interaction_log", "journey_list", "journey_detail", "feedback",
    "case_list", "case_detail", "campaign_list", "campaign_detail", "outbox", "message_detail", "source_list",
    "source_create", "source_detail", "funnel", "funnel_customers", "survey", "unsubscribe", "account_change_password",
]  # fmt: skip


def test_pages_are_accessible(signed_in, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    kwargs = world.build(timezone.now())
    problems = []
    for name in PAGES:
        for theme, width in (("light", 1440), ("dark", 1440), ("light", 320)):
            signed_in.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
            signed_in.set_viewport_size({"width": width, "height": 900})
            response = signed_in.goto(live_server.url + reverse(name, kwargs=kwargs.get(name)))
            assert response is not None
            assert response.status == 200, name
            found = Axe().run(signed_in).response["violations"]
            problems += [(name, theme, width, v["id"], v["nodes"][0]["html"][:120]) for v in found]
            overflow = signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if overflow > 0:
                problems.append((name, theme, width, f"wider than the screen by {overflow}"))
    assert problems == []
