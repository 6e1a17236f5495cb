"""The editor's pages and fragments: what each act answers, what it refuses, what it costs."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from apps.customers.models import Segment
from apps.journeys import wire
from apps.journeys.actions import drafts, parts, publishing
from apps.journeys.models import Card, Journey, Lane, MapEdit, MapImage, Stage, Step
from apps.staff.enums import Role
from tests.factories import staff
from tests.journeys.maps import SHOP

pytestmark = pytest.mark.django_db
HX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def journey() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


@pytest.fixture
def ann():
    return staff(Role.MARKETER)


@pytest.fixture
def desk(client, ann):
    client.force_login(ann)
    return client


def url(name: str, journey: Journey, *args) -> str:
    return reverse(name, args=[journey.pk, *args])


def step(name: str) -> Step:
    return Step.objects.get(name=name)


@pytest.fixture
def card(journey) -> Card:
    return Card.objects.get()


class TestThePage:
    def test_it_shows_the_draft(self, desk, journey, card):
        page = desk.get(url("map_edit", journey)).content.decode()
        assert "Sees a product" in page
        assert f'id="card-{card.pk}"' in page
        assert f'id="cell-{card.step_id}-{card.lane_id}"' in page
        assert "Entered by silence" in page

    def test_the_map_alone(self, desk, journey):
        page = desk.get(url("map_edit", journey), HTTP_HX_TARGET="map", **HX).content.decode()
        assert page.strip().startswith('<div id="map"')
        assert "<html" not in page

    def test_a_map_without_stages_says_what_to_do(self, desk, journey):
        journey.stages.all().delete()
        assert "This map has no stage yet" in desk.get(url("map_edit", journey)).content.decode()

    @pytest.mark.parametrize("size", [2, 20])
    def test_its_questions_do_not_grow(self, desk, journey, ann, now, size, django_assert_num_queries):
        lanes = [Lane.objects.create(journey=journey, kind="note", name=f"L{n}", position=n) for n in range(size)]
        Card.objects.bulk_create(
            Card(step=one, lane=lane, text="x", position=0) for one in Step.objects.all() for lane in lanes
        )
        parts.add(part=Lane(journey=journey, kind="note", name="one more"), by=ann, now=now)
        with django_assert_num_queries(11):
            desk.get(url("map_edit", journey))

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\"'>&amp;", "שלום 🎉", "x" * 1000])
    def test_hostile_text_is_only_text(self, desk, journey, card, text):
        desk.post(url("part_edit", journey, "card", card.pk), {"text": text, "revision": 0, "severity": 3})
        card.refresh_from_db()
        assert card.text == text
        assert "<script>alert" not in desk.get(url("map_edit", journey)).content.decode()


class TestCards:
    def test_in_place_one_cell_is_answered(self, desk, journey, card):
        form = desk.get(url("part_edit", journey, "card", card.pk), HTTP_HX_TARGET=f"card-{card.pk}", **HX)
        assert "More…" in form.content.decode()
        assert "severity" not in form.content.decode()
        said = desk.post(
            url("part_edit", journey, "card", card.pk),
            {"text": "Price unclear", "revision": 0}, HTTP_HX_TARGET="part-form", **HX,
        )  # fmt: skip
        text = said.content.decode()
        assert said["HX-Reswap"] == "none"
        assert f'id="cell-{card.step_id}-{card.lane_id}"' in text
        assert 'id="map"' not in text
        assert "Price unclear" in text
        card.refresh_from_db()
        assert (card.text, card.severity) == ("Price unclear", 3)

    def test_everything_in_the_dialog(self, desk, journey, card, ann):
        typed = {"text": "Price unclear", "severity": 5, "frequency": "many", "status": "planned", "owner": ann.pk,
                 "due_on": "2027-01-31", "evidence": "survey", "evidence_n": 412, "evidence_note": "Autumn",
                 "revision": 0}  # fmt: skip
        said = desk.post(url("part_edit", journey, "card", card.pk), typed, HTTP_HX_TARGET="dialog-body", **HX)
        assert said.status_code == 200
        card.refresh_from_db()
        assert (card.severity, card.frequency, card.status, card.owner, str(card.due_on), card.evidence_n) == (
            5, "many", "planned", ann, "2027-01-31", 412)  # fmt: skip

    @pytest.mark.parametrize(
        ("typed", "words"),
        [({"text": ""}, "required"), ({"severity": 6}, "from 1 to 5"), ({"due_on": "soon"}, "valid date"),
         ({"text": "x" * 1001}, "at most 1000"), ({"status": "later"}, "valid choice"),
         ({"owner": 987654}, "valid choice")],
    )  # fmt: skip
    def test_a_mistake_keeps_what_was_typed(self, desk, journey, card, typed, words):
        typed = {"text": "My words", "severity": 2, "revision": 0} | typed
        said = desk.post(url("part_edit", journey, "card", card.pk), typed)
        assert said.status_code == 422
        assert words in said.content.decode()
        assert str(typed["text"])[:20] in said.content.decode()
        assert not MapEdit.objects.exists()

    def test_a_newer_change_is_shown_and_not_overwritten(self, desk, journey, card, now):
        theirs = Card.objects.get()
        theirs.text = "Theirs"
        parts.change(part=theirs, fields=["text"], revision=0, by=None, now=now)
        for target in ("part-form", "dialog-body"):
            said = desk.post(url("part_edit", journey, "card", card.pk), {"text": "Mine", "severity": 3, "revision": 0},
                             HTTP_HX_TARGET=target, **HX)  # fmt: skip
            assert said.status_code == 409
            assert "Theirs" in said.content.decode()
            assert "Mine" in said.content.decode()
            assert 'name="revision" value="1"' in said.content.decode()
        assert Card.objects.get().text == "Theirs"
        desk.post(url("part_edit", journey, "card", card.pk), {"text": "Mine", "severity": 3, "revision": 1})
        assert Card.objects.get().text == "Mine"

    def test_deleting_what_somebody_changed_shows_it(self, desk, journey, card, now):
        card.text = "Theirs"
        parts.change(part=card, fields=["text"], revision=0, by=None, now=now)
        said = desk.post(url("part_delete", journey, "card", card.pk), {"revision": 0},
                         HTTP_HX_TARGET="dialog-body", **HX)  # fmt: skip
        assert said.status_code == 409
        assert Card.objects.count() == 1
        assert desk.post(url("part_delete", journey, "card", card.pk), {"revision": 1}).status_code == 302
        assert not Card.objects.exists()

    @pytest.mark.parametrize("act", ["part_edit", "part_delete", "part_move", "part_duplicate"])
    def test_what_somebody_else_deleted(self, desk, journey, card, now, act):
        parts.delete(part=Card.objects.get(), revision=0, by=None, now=now)
        said = desk.post(url(act, journey, "card", card.pk), {"text": "My words", "revision": 0}, **HX)
        assert said.status_code == 200
        assert "Somebody else has deleted this" in said.content.decode()
        assert "My words" in said.content.decode()
        assert desk.post(url(act, journey, "card", card.pk + 99)).status_code == 404

    def test_a_curve_has_no_cells(self, desk, journey, card):
        lane = Lane.objects.create(journey=journey, kind="emotion", name="Gift giver", position=1)
        desk.post(url("part_move", journey, "card", card.pk), {"direction": "down"}, **HX)
        assert Card.objects.get().lane_id == card.lane_id
        there = {"step": card.step_id, "lane": lane.pk}
        assert desk.post(url("part_move", journey, "card", card.pk), there).status_code == 404
        query = f"?step={card.step_id}&lane={lane.pk}"
        assert desk.post(url("part_create", journey, "card") + query, {"text": "x"}).status_code == 422  # no height

    def test_adding(self, desk, journey, card):
        address = url("part_create", journey, "card") + f"?step={card.step_id}&lane={card.lane_id}"
        assert "map-inline" in desk.get(address, HTTP_HX_TARGET="cell-1-1", **HX).content.decode()
        said = desk.post(address, {"text": "Second"}, HTTP_HX_TARGET="part-form", **HX)
        assert "Second" in said.content.decode()
        assert list(Card.objects.order_by("position").values_list("text", flat=True)) == [card.text, "Second"]

    @pytest.mark.parametrize("query", ["", "?step=1", "?step=x&lane=1", "?step=99999999999999999999&lane=1"])
    def test_adding_nowhere(self, desk, journey, query):
        assert desk.post(url("part_create", journey, "card") + query, {"text": "x"}).status_code == 404

    def test_another_journeys_parts_are_not_found(self, desk, journey, card):
        other = drafts.import_text(text=wire.read(SHOP | {"name": "Other"}))
        assert desk.get(url("part_edit", other, "card", card.pk)).status_code == 404
        query = f"?step={card.step_id}&lane={card.lane_id}"
        assert desk.post(url("part_create", other, "card") + query, {"text": "x"}).status_code == 404
        foreign = {"step": Step.objects.filter(stage__journey=other).first().pk, "lane": card.lane_id}
        assert desk.post(url("part_move", journey, "card", card.pk), foreign).status_code == 404
        assert desk.get(url("part_edit", journey, "moon", 1)).status_code == 404

    def test_moving_answers_both_cells(self, desk, journey, card):
        there = step("Buys")
        said = desk.post(url("part_move", journey, "card", card.pk),
                         {"step": there.pk, "lane": card.lane_id, "place": 0}, **HX)  # fmt: skip
        text = said.content.decode()
        assert f'id="cell-{card.step_id}-{card.lane_id}"' in text
        assert f'id="cell-{there.pk}-{card.lane_id}"' in text
        assert f"card-{card.pk}" in said["HX-Trigger-After-Swap"]
        assert Card.objects.get().step == there

    def test_arrows(self, desk, journey, card):
        ideas = Lane.objects.create(journey=journey, kind="note", name="Ideas", position=1)
        for direction, expected in [
            ("right", ("Fills the cart", "Pain points")), ("left", ("Sees a product", "Pain points")),
            ("left", ("Sees a product", "Pain points")), ("down", ("Sees a product", "Ideas")),
            ("down", ("Sees a product", "Ideas")), ("up", ("Sees a product", "Pain points")),
        ]:  # fmt: skip
            desk.post(url("part_move", journey, "card", card.pk), {"direction": direction}, **HX)
            found = Card.objects.select_related("step", "lane").get()
            assert (found.step.name, found.lane.name) == expected
        assert ideas.cards.count() == 0

    def test_a_picture(self, desk, journey, card):
        lane = Lane.objects.create(journey=journey, kind="images", name="Pictures", position=3)
        address = url("part_create", journey, "card") + f"?step={card.step_id}&lane={lane.pk}"
        out = io.BytesIO()
        Image.new("RGB", (2400, 1200), "red").save(out, "PNG")
        for name, content, status in [
            ("x.png", b"no picture", 422), ("x.svg", b"<svg onload='alert(1)'/>", 422), ("x.png", out.getvalue(), 302),
        ]:  # fmt: skip
            upload = io.BytesIO(content)
            upload.name = name
            said = desk.post(address, {"text": "The shelf", "picture": upload})
            assert said.status_code == status
        kept = MapImage.objects.get()
        assert (kept.width, kept.height, kept.content_type) == (1200, 600, "image/jpeg")
        shown = desk.get(reverse("map_image", args=[kept.digest]))
        assert shown["Content-Type"] == "image/jpeg"
        assert "immutable" in shown["Cache-Control"]
        assert kept.digest in desk.get(url("map_edit", journey)).content.decode()


class TestStagesStepsLanes:
    def test_a_step_by_its_stage(self, desk, journey):
        stage = Stage.objects.get(name="Purchase")
        said = desk.post(url("part_create", journey, "step") + f"?stage={stage.pk}", {"name": "Pays"},
                         HTTP_HX_TARGET="dialog-body", **HX)  # fmt: skip
        assert 'id="map"' in said.content.decode()
        assert list(stage.steps.order_by("position").values_list("name", flat=True)) == ["Buys", "Pays"]

    @pytest.mark.parametrize(
        ("kind", "typed", "words"),
        [("stage", {"name": "Purchase", "kind": "use"}, "this name"), ("stage", {"name": "X", "kind": "x"}, "valid"),
         ("stage", {"name": "X", "kind": "lapsed"}, "lapsed stage already"),
         ("stage", {"name": "X", "kind": "use", "expected_days": -1}, "from 0 to"),
         ("lane", {"name": "Pain points", "kind": "note"}, "has this name"), ("lane", {"name": ""}, "required")],
    )  # fmt: skip
    def test_mistakes(self, desk, journey, kind, typed, words):
        said = desk.post(url("part_create", journey, kind), typed)
        assert said.status_code == 422
        assert words in said.content.decode()

    def test_step_names_are_unique_in_the_map(self, desk, journey):
        said = desk.post(url("part_edit", journey, "step", step("Buys").pk), {"name": "Sees a product", "revision": 0})
        assert said.status_code == 422

    def test_arrows_lead_over_the_edge_of_a_stage(self, desk, journey):
        for stage in ("Consideration", "Consideration", "Consideration", "Purchase"):
            desk.post(url("part_move", journey, "step", step("Sees a product").pk), {"direction": "right"}, **HX)
            assert step("Sees a product").stage.name == stage

    def test_a_lane_with_cards_keeps_its_kind(self, desk, journey, card):
        page = desk.get(url("part_edit", journey, "lane", card.lane_id)).content.decode()
        assert 'name="kind"' not in page

    def test_only_a_curve_has_a_persona(self, desk, journey):
        typed = {"name": "Curve", "kind": "note", "persona": journey.persona_id}
        assert desk.post(url("part_create", journey, "lane"), typed).status_code == 422
        assert desk.post(url("part_create", journey, "lane"), typed | {"kind": "emotion"}).status_code == 302

    def test_duplicating_and_taking_back(self, desk, journey):
        stage = Stage.objects.get(name="Consideration")
        desk.post(url("part_duplicate", journey, "stage", stage.pk), **HX)
        assert Stage.objects.filter(name="Consideration (copy)").exists()
        said = desk.post(url("map_undo", journey), **HX)
        assert "Taken back" in said.content.decode()
        assert not Stage.objects.filter(name="Consideration (copy)").exists()
        desk.post(url("map_redo", journey))
        assert Step.objects.filter(name="Fills the cart (copy)").exists()
        assert "nothing to do again" in desk.post(url("map_redo", journey), **HX).content.decode()


class TestEmotion:
    def test_the_slider(self, desk, journey):
        one = step("Buys")
        said = desk.post(url("emotion_set", journey, one.pk), {"emotion": "1.25", "revision": 0}, **HX)
        assert f"emotion-{one.pk}-0" in said["HX-Trigger-After-Swap"]
        assert step("Buys").emotion == 1.2

    @pytest.mark.parametrize("value", ["", "x", "nan", "inf", "2.1", "-3"])
    def test_off_the_scale(self, desk, journey, value):
        assert desk.post(url("emotion_set", journey, step("Buys").pk), {"emotion": value}).status_code == 400

    def test_only_on_a_curve(self, desk, journey, card):
        typed = {"emotion": 1, "lane": card.lane_id}
        assert desk.post(url("emotion_set", journey, step("Buys").pk), typed).status_code == 404

    def test_a_newer_one_stays(self, desk, journey):
        one = step("Buys")
        desk.post(url("emotion_set", journey, one.pk), {"emotion": 1, "revision": 0}, **HX)
        said = desk.post(url("emotion_set", journey, one.pk), {"emotion": -1, "revision": 0}, **HX)
        assert "Somebody else" in said.content.decode()
        assert step("Buys").emotion == 1

    def test_a_curve_of_a_persona(self, desk, journey):
        lane = Lane.objects.create(journey=journey, kind="emotion", name="Gift giver", position=5)
        for value, revision in ((1.5, 0), (-0.5, 0)):
            typed = {"emotion": value, "revision": revision, "lane": lane.pk}
            desk.post(url("emotion_set", journey, step("Buys").pk), typed, **HX)
        assert lane.cards.get().emotion == -0.5


class TestScope:
    def test_what_rules_ask_for_keeps_its_name(self, desk, journey, now):
        publishing.publish(journey=journey, now=now, by=None)
        rule = {"in_stage": {"journey": "Web shop", "stage": "Purchase"}}
        Segment.objects.create(name="Buyers", kind="rule", rule=rule)
        said = desk.post(url("journey_scope", journey), {"name": "Shop", "revision": 0})
        assert said.status_code == 422
        assert "Buyers" in said.content.decode()

    @pytest.mark.parametrize("typed", [{"lapse_after_days": 0}, {"new_lap_after_days": 36501}, {"expected_days": 0}])
    def test_what_publishing_would_refuse(self, desk, journey, typed):
        assert desk.post(url("journey_scope", journey), {"name": "Web shop", "revision": 0} | typed).status_code == 422

    def test_saved(self, desk, journey, ann):
        typed = {"name": "Web shop", "goal": "G", "beginning": "B", "middle": "M", "end": "E", "expected_days": 30,
                 "expectations": "An answer within a day", "owner": ann.pk, "review_on": "2027-01-31",
                 "lapse_after_days": 60, "new_lap_after_days": "", "revision": 0}  # fmt: skip
        assert desk.post(url("journey_scope", journey), typed).status_code == 302
        journey.refresh_from_db()
        assert (journey.expected_days, journey.owner, journey.end, journey.revision) == (30, ann, "E", 1)
        said = desk.post(url("journey_scope", journey), typed | {"goal": "Mine"})
        assert said.status_code == 409
        assert "Mine" in said.content.decode()

    def test_a_name_that_is_taken(self, desk, journey):
        drafts.import_text(text=wire.read(SHOP | {"name": "Other"}))
        said = desk.post(url("journey_scope", journey), {"name": "Other", "revision": 0})
        assert said.status_code == 422
        assert "already exists" in said.content.decode()


class TestNews:
    def test_what_others_did(self, desk, journey, ann, now):
        assert "callout" not in desk.get(url("map_news", journey) + "?after=0").content.decode()
        parts.add(part=Lane(journey=journey, kind="note", name="Mine"), by=ann, now=now)
        parts.add(part=Lane(journey=journey, kind="note", name="Bo's"), by=staff(Role.MARKETER), now=now)
        said = desk.get(url("map_news", journey) + "?after=0").content.decode()
        assert "Bo&#x27;s" in said
        assert "Mine" not in said
        latest = MapEdit.objects.latest("pk").pk
        assert "callout" not in desk.get(url("map_news", journey) + f"?after={latest}").content.decode()

    @pytest.mark.parametrize("after", ["x", "-1", "9" * 30])
    def test_a_wrong_question(self, desk, journey, after):
        assert desk.get(url("map_news", journey) + f"?after={after}").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
def test_who_may_not(client, journey, card, role):
    client.force_login(staff(role))
    assert client.get(url("map_edit", journey)).status_code == 403
    assert client.post(url("part_delete", journey, "card", card.pk), {"revision": 0}).status_code == 403
    assert client.post(url("part_edit", journey, "card", card.pk), {"text": "x"}).status_code == 403
    assert Card.objects.get().text == card.text
