"""Every page of the staff in a real browser: axe finds nothing, in both themes and at 320 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from apps.core import links
from apps.journeys.actions import creating, parts, publishing
from apps.journeys.models import Card, Journey, Lane, ShareLink, Step
from tests.architecture import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]

PAGES = [
    "home", "customer_list", "customer_detail", "interaction_log", "journey_list", "journey_detail", "feedback",
    "case_list", "case_detail", "campaign_list", "campaign_detail", "outbox", "message_detail",
    "customer_why", "campaign_effect", "campaign_customers", "campaign_dry_run", "campaign_calendar",
    "touchpoint_list", "touchpoint_detail", "touchpoint_create", "touchpoint_edit", "touchpoint_unmatched",
    "source_list", "segment_list", "segment_detail", "segment_create", "segment_edit", "persona_list", "persona_detail",
    "persona_rule", "conversion_rule", "stage_set", "customer_consents", "version_list", "data", "job_list",
    "job_detail", "import_create", "import_mapping", "export_create", "review_list", "review_detail", "company_list",
    "company_detail", "duplicate_list", "merge_list", "erasure_list", "customer_edit",
    "company_settings", "staff_list", "staff_invite", "staff_detail", "department_list", "department_detail",
    "key_list", "endpoint_list", "audit_list", "account", "notice_list", "mfa_index", "usersessions_list",
    "map_edit", "journey_create", "journey_scope", "journey_import", "part_create", "part_edit", "step_rule",
    "publish_preview", "comment_list", "card_comments", "share_links", "map_present", "map_shared",
    "topic_list", "topic_create", "topic_edit", "task_list", "task_create", "task_edit", "sender_settings",
    "preferences", "subscribe", "confirm",
    "survey_list", "survey_detail", "survey_create", "survey_edit", "survey_open", "response_enter",
    "improvement_list", "improvement_matrix", "improvement_detail", "improvement_customers", "version_compare",
    "map_shared_card",
    "campaign_new", "campaign_create", "campaign_edit", "campaign_publish",
    "source_create", "source_detail", "funnel", "funnel_customers", "survey", "unsubscribe", "account_change_password",
]  # fmt: skip


LOOKS = (("light", 1440), ("dark", 1440), ("light", 320))


def faults(page, name: str, theme: str, width: int) -> list[tuple]:
    """What axe finds on the page as it stands, and whether it is wider than the screen."""
    found = [(name, theme, width, v["id"], v["nodes"][0]["html"][:120]) for v in Axe().run(page).response["violations"]]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([(name, theme, width, f"wider than the screen by {overflow}")] if overflow > 0 else [])


def look(page, live_server, theme: str, width: int) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 900})


def test_pages_are_accessible(signed_in, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    kwargs = world.build(timezone.now())
    problems = []
    for name in PAGES:
        for theme, width in LOOKS:
            look(signed_in, live_server, theme, width)
            response = signed_in.goto(live_server.url + reverse(name, kwargs=kwargs.get(name)))
            assert response is not None
            assert response.status == 200, name
            problems += faults(signed_in, name, theme, width)
    assert problems == []


@pytest.fixture
def journey() -> Journey:
    """A whole map, with the curve of a further persona."""
    now = timezone.now()
    made = creating.from_template(key="ecommerce", name="Our shop", by=None, now=now)
    lane = Lane.objects.create(journey=made, kind="emotion", name="Gift giver", position=50)
    for step, value in zip(Step.objects.filter(stage__journey=made), (1, -1, 0.5), strict=False):
        parts.set_emotion(step=step, lane=lane, value=value, revision=0, by=None, now=now)
    publishing.publish(journey=made, now=now, by=None)
    return made


def test_a_whole_map_is_accessible(signed_in, live_server, settings, journey):
    settings.PUBLIC_URL = live_server.url
    link = ShareLink.objects.create(journey=journey, name="Board", takes_comments=True, created_at=timezone.now())
    pages = {name: reverse(name, args=[journey.pk]) for name in ("map_edit", "journey_detail", "map_present")}
    pages["map_shared"] = reverse("map_shared", args=[links.sign("map", link.pk)])
    problems = []
    for name, address in pages.items():
        for theme, width in LOOKS:
            look(signed_in, live_server, theme, width)
            signed_in.goto(live_server.url + address)
            if name == "map_edit" and width == 320:
                signed_in.locator("#map-list .map-list-stage").first.wait_for()
            problems += faults(signed_in, name, theme, width)
    assert problems == []


def test_open_dialogs_are_accessible(signed_in, live_server, journey):
    page, dialog = signed_in, signed_in.locator("#dialog")
    step, card = Step.objects.earliest("pk"), Card.objects.filter(lane__kind="pain").earliest("pk")
    openers = {
        "rule": f"#step-{step.pk} .map-rule",
        "new lane": ".map-lane > .map-add",
        "feeling": ".map-feeling",
        "comments": f"#card-{card.pk} .map-comments",
    }
    problems = []
    for theme in ("light", "dark"):
        look(page, live_server, theme, 1440)
        page.goto(live_server.url + reverse("map_edit", args=[journey.pk]))
        for name, opener in openers.items():
            page.locator(opener).first.click()
            dialog.locator(".dialog-head").wait_for()
            page.wait_for_timeout(200)  # until it has faded in
            problems += faults(page, name, theme, 1440)
            page.keyboard.press("Escape")
            dialog.wait_for(state="hidden")
    assert problems == []


def test_what_an_import_would_change_is_accessible(signed_in, live_server):
    problems = []
    for theme, width in LOOKS:
        look(signed_in, live_server, theme, width)
        signed_in.goto(live_server.url + reverse("journey_import"))
        signed_in.locator("main textarea").fill("journey\n  title Day\n  section Go\n    Walk: 9: Me, You\n")
        signed_in.locator("main form button[type=submit]").first.click()
        signed_in.get_by_text("Walk").first.wait_for(state="attached")
        problems += faults(signed_in, "journey_import", theme, width)
    assert problems == []
