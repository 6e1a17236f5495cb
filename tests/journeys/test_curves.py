"""Curves of personas: points with a word for the feeling, drawn as curves wherever a map is read."""

import re

import pytest
from django.urls import reverse

from apps.journeys import wire
from apps.journeys.actions import drafts, parts, publishing
from apps.journeys.interchange import drawing, mermaid, reading, tables
from apps.journeys.models import Card, Journey, Lane, Step
from apps.journeys.selectors import sharing, versions
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Role
from tests.factories import staff
from tests.journeys.maps import SHOP

pytestmark = pytest.mark.django_db
HX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "dialog-body"}
GIVER, BUYER = "Gift giver", "Bulk buyer"


@pytest.fixture
def ann(client):
    user = staff(Role.MARKETER)
    client.force_login(user)
    return user


@pytest.fixture
def journey(ann, now) -> Journey:
    """Two personas, each with two points."""
    made = drafts.import_text(text=wire.read(SHOP))
    for place, name in enumerate((GIVER, BUYER), 1):
        lane = Lane.objects.create(journey=made, kind="emotion", name=name, position=place)
        for number, step in enumerate(("Sees a product", "Fills the cart")):
            value = round((-1) ** place * (0.5 + number), 1)
            parts.set_emotion(step=Step.objects.get(name=step), lane=lane, value=value, revision=0, by=ann, now=now)
    return made


def point(lane: str, step: str = "Sees a product") -> Card:
    return Card.objects.get(lane__name=lane, step__name=step)


def url(name: str, journey: Journey, *args) -> str:
    return reverse(name, args=[journey.pk, *args])


def table_of(page: str) -> str:
    return page[page.index("<table") : page.index("</table>")]


class TestPoints:
    def test_a_point_has_no_word_until_somebody_says_one(self, journey):
        assert (point(GIVER).text, point(GIVER).emotion) == ("", -0.5)
        assert str(point(GIVER)) == "-0.5"

    def test_its_chip_opens_its_form(self, client, journey):
        page = client.get(url("map_edit", journey)).content.decode()
        for name in (GIVER, BUYER):
            assert url("part_edit", journey, "card", point(name).pk) in page
            assert f'id="emotion-{point(name).step_id}-{point(name).lane_id}"' in page

    def test_a_word_is_said_changed_and_taken_away(self, client, journey):
        one = point(GIVER)
        form = client.get(url("part_edit", journey, "card", one.pk), **HX).content.decode()
        assert 'list="feelings"' in form
        assert "Duplicate" not in form
        assert "Move to step" not in form
        for revision, text in enumerate(("anxious", "")):
            typed = {"text": text, "emotion": "-0.5", "revision": revision}
            said = client.post(url("part_edit", journey, "card", one.pk), typed, **HX)
            assert said.status_code == 200
            assert 'id="map"' in said.content.decode()
            one.refresh_from_db()
            assert (one.text, one.emotion) == (text, -0.5)

    def test_the_slider_leaves_the_word(self, client, journey):
        typed = {"text": "anxious", "emotion": "-0.5", "revision": 0}
        client.post(url("part_edit", journey, "card", point(GIVER).pk), typed)
        moved = {"emotion": 1.2, "lane": point(GIVER).lane_id, "revision": 1}
        client.post(url("emotion_set", journey, point(GIVER).step_id), moved)
        assert (point(GIVER).text, point(GIVER).emotion) == ("anxious", 1.2)

    def test_a_point_has_a_height(self, client, journey):
        typed = {"text": "anxious", "emotion": "", "revision": 0}
        assert client.post(url("part_edit", journey, "card", point(GIVER).pk), typed).status_code == 422

    def test_one_point_a_step_made_by_form(self, client, journey):
        there = f"?step={Step.objects.get(name='Buys').pk}&lane={point(GIVER).lane_id}"
        typed = {"text": "proud", "emotion": "2"}
        assert client.post(url("part_create", journey, "card") + there, typed).status_code == 302
        assert client.post(url("part_create", journey, "card") + there, typed).status_code == 404
        assert (point(GIVER, "Buys").text, point(GIVER, "Buys").emotion) == ("proud", 2)

    @pytest.mark.parametrize("act", ["part_move", "part_duplicate"])
    def test_it_stays_on_its_curve(self, client, journey, act):
        assert client.post(url(act, journey, "card", point(GIVER).pk), {"direction": "up"}).status_code == 404

    def test_deleting_one_answers_the_map(self, client, journey):
        said = client.post(url("part_delete", journey, "card", point(GIVER).pk), {"revision": 0}, **HX)
        assert 'id="map"' in said.content.decode()
        assert not Card.objects.filter(lane__name=GIVER, step__name="Sees a product").exists()


class TestReading:
    def test_as_curves_not_as_texts(self, client, journey, now):
        publishing.publish(journey=journey, now=now, by=None)
        page = client.get(url("journey_detail", journey)).content.decode()
        assert table_of(page).count('class="map-curve-line"') == 3  # the map's own and two personas'
        assert "-0.5" in table_of(page)
        assert "+0.5" in table_of(page)

    def test_for_guests(self, client, journey, now):
        link = sharing.ShareLink.objects.create(journey=journey, name="Board", created_at=now)
        page = client.get(reverse("map_shared", args=[sharing.links.sign("map", link.pk)])).content.decode()
        assert table_of(page).count('class="map-curve-line"') == 3
        assert page.count("Emotion of Gift giver by step") == 1

    def test_as_slides(self, client, journey):
        page = client.get(url("map_present", journey)).content.decode()
        assert page.count("Emotion of Gift giver by step") == 1
        assert page.count("Emotion of Bulk buyer by step") == 1

    def test_drawn_with_all_tints_below_all_lines(self, journey):
        # The map's own curve needs two neighbours to have an area.
        Step.objects.filter(name="Fills the cart").update(emotion=-1)
        svg = drawing.write(export_text(journey), state="Draft")
        tints = [found.start() for found in re.finditer("clip-path=", svg)]
        dashed = [found.start() for found in re.finditer('stroke-width="1.5" stroke-dasharray="5 4"/><circle', svg)]
        own = svg.index('stroke-width="2"/><circle')
        assert (len(tints), len(dashed)) == (2, 2)
        assert max(tints) < min(dashed)
        assert max(dashed) < own


class TestWords:
    def test_without_a_word_it_goes_out_and_comes_back(self, journey):
        text = export_text(journey)
        assert [card["text"] for card in text["cards"] if card["lane"] != "Pain points"] == [""] * 4
        assert reading.read(mermaid.write(text)).remarks == []
        assert export_text(drafts.import_text(text=wire.read(text | {"name": "Again"}))) == text | {"name": "Again"}
        assert tables.write(text).decode("utf-8-sig").count("emotion") >= 4

    def test_only_a_point_goes_without(self):
        cards = [{"step": "Buys", "lane": "Pain points", "text": ""}]
        with pytest.raises(wire.MapError, match="not empty"):
            wire.read(SHOP | {"cards": cards})

    def test_compared_it_is_said_once(self, journey, now):
        publishing.publish(journey=journey, now=now, by=None)
        before = Journey.objects.get().current_version.snapshot
        lane = Lane.objects.get(name=GIVER)
        parts.set_emotion(step=point(GIVER).step, lane=lane, value=1.2, revision=0, by=None, now=now)
        found = versions.compare(before, export_text(journey, with_keys=True))
        assert [(one.field, one.before, one.after) for one in found] == [("emotion", "-0.5", "+1.2")]
