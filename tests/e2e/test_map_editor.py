"""A map drawn in a real browser: from nothing to published by mouse and by keyboard alone, dragging, two people at
once, taking back."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from apps.journeys import wire
from apps.journeys.actions import drafts, parts
from apps.journeys.models import Card, Journey, Lane, MapEdit, Stage, Step
from tests.journeys.maps import SHOP

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def journey() -> Journey:
    made = drafts.import_text(text=wire.read(SHOP))
    Lane.objects.create(journey=made, kind="opportunity", name="Ideas", position=1)
    return made


@pytest.fixture
def editor(signed_in: Page, live_server, journey: Journey) -> Page:
    signed_in.goto(live_server.url + reverse("map_edit", args=[journey.pk]))
    return signed_in


def cell(page: Page, step: str, lane: str) -> Locator:
    found = Card(step=Step.objects.get(name=step), lane=Lane.objects.get(name=lane))
    return page.locator(f"#cell-{found.step_id}-{found.lane_id}")


def stands_in(page: Page, card: Card, step: str, lane: str) -> None:
    """Until the page shows the card there, which it does when it is stored."""
    expect(cell(page, step, lane).locator(f"#card-{card.pk}")).to_be_visible()
    card.refresh_from_db()
    assert (card.step.name, card.lane.name) == (step, lane)


def click(place: Locator) -> None:
    place.click()


def reach(place: Locator) -> None:
    """By Tab alone, and arrow keys among the buttons of a group."""
    expect(place).to_be_attached()
    keys, is_there = place.page.keyboard, "place => place === document.activeElement"
    for _press in range(400):
        if place.evaluate(is_there):
            return
        keys.press("ArrowDown" if place.evaluate(_IN_GROUP) else "Tab")
    raise AssertionError(f"Tab does not lead to {place}")


_IN_GROUP = "place => place.type === 'radio' && document.activeElement.name === place.name"


def press(place: Locator) -> None:
    """By keyboard alone: what can be clicked is reached by Tab, and Enter or Space does it."""
    reach(place)
    place.page.keyboard.press("Space" if place.get_attribute("type") == "radio" else "Enter")


def write(field: Locator, text: str) -> None:
    """Into the field that has the focus already."""
    expect(field).to_be_focused()
    field.page.keyboard.type(text)


@pytest.mark.parametrize(("go", "act"), [(click, click), (reach, press)], ids=["mouse", "keyboard"])
def test_from_nothing_to_published(signed_in: Page, live_server, go, act):
    page = signed_in
    page.goto(live_server.url + reverse("journey_create"))
    field = page.get_by_label("Name of the map")
    go(field)
    write(field, "Repairs")
    act(page.get_by_role("radio", name="Empty"))
    act(page.get_by_role("button", name="Make the map"))
    page.wait_for_url("**/edit/")
    act(page.get_by_label("Add a step to First stage"))
    dialog = page.locator("#dialog")
    name = dialog.get_by_label("Name", exact=True)
    expect(name).to_be_visible()
    go(name)
    write(name, "Brings a shoe")
    act(dialog.get_by_role("button", name="Save"))
    expect(page.get_by_role("link", name="Brings a shoe", exact=True).first).to_be_visible()
    box = cell(page, "Brings a shoe", "Pain points")
    act(box.get_by_role("link", name="Add"))
    write(box.locator("textarea"), "No idea how long it takes")
    act(box.get_by_role("button", name="Save"))
    expect(box.locator("article")).to_contain_text("No idea how long it takes")
    act(page.get_by_role("link", name="No rule yet"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    act(page.get_by_role("link", name="Publish…"))
    expect(page.get_by_text("Publishing mails nobody").first).to_be_visible()
    act(page.get_by_role("button", name="Publish the draft"))
    act(page.locator("#confirm [data-confirm-yes]"))
    page.wait_for_url("**/jobs/**")
    assert Journey.objects.get(name="Repairs").current_version is not None


def test_editing_by_keyboard_alone(editor: Page):
    page, keys, card = editor, editor.keyboard, Card.objects.get()
    stage = Stage.objects.get(name="Awareness")
    press(page.locator(f"#stage-{stage.pk} .map-name"))
    field = page.locator(".map-inline input[name=name]")
    expect(field).to_be_focused()
    keys.type("Notice")
    keys.press("Enter")
    name = page.locator(f"#stage-{stage.pk} .map-name")
    expect(name).to_have_text("Notice")
    expect(name).to_be_focused()
    link = page.locator(f"#card-{card.pk} > a")
    reach(link)
    keys.press("Alt+ArrowRight")
    stands_in(page, card, "Fills the cart", "Pain points")
    expect(link).to_be_focused()
    keys.press("Alt+ArrowDown")
    stands_in(page, card, "Fills the cart", "Ideas")
    slider = page.locator(f"#emotion-{Step.objects.get(name='Buys').pk}-0")
    reach(slider)
    keys.press("ArrowUp")
    expect(slider).to_have_attribute("value", "0.1")  # as the answer has it
    assert Step.objects.get(name="Buys").emotion == pytest.approx(0.1)
    expect(slider).to_be_focused()
    keys.press("Control+z")
    expect(page.get_by_text("Taken back").first).to_be_visible()
    assert Step.objects.get(name="Buys").emotion is None


def test_fast_keys_lose_nothing(editor: Page):
    page, keys, card = editor, editor.keyboard, Card.objects.get()
    reach(page.locator(f"#card-{card.pk} > a"))
    for _time in range(4):
        keys.press("Alt+ArrowRight")
        page.wait_for_timeout(60)
    stands_in(page, card, "Buys again", "Pain points")
    assert MapEdit.objects.count() == 4
    # Taken back is what was done last, though the slider would have waited before it told anybody.
    slider = page.locator(f"#emotion-{Step.objects.get(name='Buys').pk}-0")
    reach(slider)
    for key in ("ArrowUp", "ArrowUp", "Control+z"):
        keys.press(key)
    expect(page.get_by_text("Taken back").first).to_be_visible()
    expect(slider).to_have_class("is-unset")
    expect(slider).to_have_value("0")
    assert Step.objects.get(name="Buys").emotion is None
    stands_in(page, card, "Buys again", "Pain points")
    # And while answers are still coming.
    reach(page.locator(f"#card-{card.pk} > a"))
    for key in ("Alt+ArrowLeft", "Alt+ArrowLeft", "Control+z", "Control+z", "Control+Shift+z"):
        keys.press(key)
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    expect(page.get_by_text("Done again").first).to_be_visible()
    stands_in(page, card, "Buys", "Pain points")


def test_the_curve_follows_the_hand(editor: Page):
    """Drawn before anybody is told, as the answer draws it."""
    page, line = editor, editor.locator(".map-curve-line").first
    slider = page.locator(f"#emotion-{Step.objects.get(name='Fills the cart').pk}-0")
    reach(slider)
    with page.expect_response("**/emotion/**"):
        page.keyboard.press("ArrowDown")
        drawn = line.get_attribute("d")
        assert drawn
        assert drawn.startswith("M50.0,29.0 C")
    expect(slider).to_have_attribute("value", "-0.1")
    expect(line).to_have_attribute("d", drawn)


def test_dragging_a_card_to_another_cell_and_taking_it_back(editor: Page):
    card = Card.objects.get()
    there = cell(editor, "Buys", "Ideas")
    editor.locator(f"#card-{card.pk}").drag_to(there)
    expect(there.locator(f"#card-{card.pk}")).to_be_visible()
    card.refresh_from_db()
    assert (card.step.name, card.lane.name) == ("Buys", "Ideas")
    editor.get_by_role("button", name="Undo").click()
    expect(cell(editor, "Sees a product", "Pain points").locator(f"#card-{card.pk}")).to_be_visible()
    editor.get_by_role("button", name="Redo").click()
    expect(there.locator(f"#card-{card.pk}")).to_be_visible()


def test_dragging_a_step_and_a_stage(editor: Page):
    step, stage = Step.objects.get(name="Sees a product"), Stage.objects.get(name="Purchase")
    editor.locator(f"#step-{step.pk} .map-name").drag_to(editor.locator(f"#step-{Step.objects.get(name='Buys').pk}"))
    expect(editor.locator(f'[data-stage="{stage.pk}"] #step-{step.pk}')).to_be_visible()
    assert Step.objects.get(pk=step.pk).stage == stage
    editor.locator(f"#stage-{stage.pk} .map-name").drag_to(
        editor.locator(f"#stage-{Stage.objects.get(name='Awareness').pk}")
    )
    expect(editor.locator(".map-stage").first).to_contain_text("Purchase")
    assert Stage.objects.order_by("position").first() == stage


def test_two_people_at_once(editor: Page, journey: Journey):
    card = Card.objects.get()
    editor.locator(f"#card-{card.pk} > a").click()
    field = editor.locator(".map-inline textarea")
    field.fill("Mine")
    card.text = "Theirs"
    parts.change(part=card, fields=["text"], revision=0, by=None, now=timezone.now())
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("Somebody else has changed it meanwhile")).to_be_visible()
    expect(editor.locator(".map-inline blockquote")).to_have_text("Theirs")
    expect(editor.locator(".map-inline textarea")).to_have_value("Mine")
    assert Card.objects.get().text == "Theirs"
    editor.get_by_role("button", name="Save mine").click()
    expect(editor.locator(f"#card-{card.pk} > a")).to_have_text("Mine")
    assert Card.objects.get().text == "Mine"


def test_the_dialog_has_everything_and_moves(editor: Page):
    card = Card.objects.get()
    editor.locator(f"#card-{card.pk} > a").click()
    editor.get_by_role("link", name="More…").click()
    dialog = editor.locator("#dialog")
    dialog.get_by_label("Severity, 1 to 5").fill("9")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Write a number from 1 to 5")).to_be_visible()
    dialog.get_by_label("Severity, 1 to 5").fill("5")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    expect(editor.locator(f"#card-{card.pk}")).to_contain_text("Severity 5")


@pytest.fixture
def guest(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_share_link_and_a_guests_comment(signed_in: Page, guest: Page, live_server, journey: Journey, settings):
    settings.PUBLIC_URL = live_server.url
    page = signed_in
    page.goto(live_server.url + reverse("share_links", args=[journey.pk]))
    page.get_by_label("Name", exact=True).fill("Board meeting")
    page.get_by_label("comment", exact=False).first.check()
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("code", has_text="/m/").first.inner_text().strip()
    guest.goto(link)
    expect(guest.get_by_text("No price without a call").first).to_be_visible()
    guest.get_by_text("No price without a call").first.hover()
    guest.get_by_role("link", name="Comment").first.click()
    guest.get_by_label("Your name").fill("Gerd")
    guest.get_by_label("Your comment").fill("We hear this too")
    guest.get_by_role("button").first.click()
    expect(guest.get_by_text("We hear this too").first).to_be_visible()
    page.goto(live_server.url + reverse("comment_list", args=[journey.pk]))
    expect(page.get_by_text("We hear this too").first).to_be_visible()
    expect(page.get_by_text("Gerd").first).to_be_visible()
