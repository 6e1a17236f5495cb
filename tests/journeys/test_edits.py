"""Acts on a draft: each is one edit that its author can take back and do again; nobody's newer change is lost."""

import copy
import itertools
import random
from datetime import timedelta

import pytest

from apps.journeys import wire
from apps.journeys.actions import drafts, edits, parts
from apps.journeys.models import Card, Comment, Journey, Lane, MapEdit, Stage, Step
from apps.journeys.selectors import edits as selectors
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Role
from tests.factories import staff
from tests.journeys.maps import FULL, SHOP

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


@pytest.fixture
def ann():
    return staff(Role.MARKETER)


@pytest.fixture
def bo():
    return staff(Role.MARKETER)


def drawn(journey: Journey) -> dict:
    return export_text(Journey.objects.get(pk=journey.pk), with_keys=True)


def step(name: str) -> Step:
    return Step.objects.select_related("stage").get(name=name)


class TestTheText:
    def test_a_map_with_everything_comes_back_as_it_went(self, ann):
        ann.email = "ann@staff.example"
        ann.save()
        for one in ("Shop", "Warehouse"):
            drafts.Department.objects.create(name=one)
        drafts.Touchpoint.objects.create(name="Product page", channel="web")
        drafts.Segment.objects.create(name="Regulars", kind="list")
        first = drafts.import_text(text=wire.read(FULL))
        assert export_text(first) == FULL
        again = copy.deepcopy(FULL) | {"name": "Again"}
        assert export_text(drafts.import_text(text=wire.read(again))) == again

    @pytest.mark.parametrize(
        ("change", "said"),
        [({"owner": "nobody@staff.example"}, "no member of staff"), ({"touchpoint": "Moon"}, "no touchpoint"),
         ({"department": "Navy"}, "no department"), ({"severity": 6}, "from 1 to 5"), ({"impact": True}, "whole"),
         ({"frequency": "daily"}, "few, some, many, all"), ({"status": "later"}, "unknown status"),
         ({"due_on": "soon"}, "2027-03-31"), ({"solved_at": "2026-01-01T10:00:00"}, "time zone"),
         ({"evidence": "rumour"}, "unknown evidence"), ({"emotion": 2.5}, "from -2 to 2"), ({"target": "x"}, "number"),
         ({"image": "http://x/y.png"}, "data: address"), ({"image": "data:image/png;base64,AAAA"}, "no picture"),
         ({"step": ["x"]}, "no step"), ({"lane": {}}, "no lane"), ({"status": ["x"]}, "unknown status"),
         ({"image": "sha256:" + "0" * 64}, "no picture")],
    )  # fmt: skip
    def test_a_wrong_card_says_so_and_nothing_is_written(self, journey, change, said):
        before = drawn(journey)
        text = copy.deepcopy(SHOP)
        text["cards"][0] |= change
        with pytest.raises(wire.MapError, match=said):
            drafts.import_text(text=wire.read(text))
        assert drawn(journey) == before

    def test_a_card_that_is_the_same_keeps_its_key(self, journey):
        key = Card.objects.get().key
        drafts.import_text(text=wire.read(SHOP))
        assert Card.objects.get().key == key


class TestUndo:
    def test_who_goes_on_gives_up_what_was_taken_back(self, journey, ann, now):
        """Also when the new act is taken back in its turn."""

        def name(number: int, text: str) -> None:
            stage = Stage.objects.get(key=key)
            stage.name = text
            at = now + timedelta(minutes=number)
            parts.change(part=stage, fields=["name"], revision=stage.revision, by=ann, now=at)

        key = Stage.objects.get(name="Loyalty").key
        for number, text in ((1, "First"), (3, "Second"), (5, "Third")):
            name(number, text)
            edits.undo(journey_id=journey.pk, by=ann, now=now + timedelta(minutes=number + 1))
        edits.redo(journey_id=journey.pk, by=ann, now=now + timedelta(minutes=8))
        assert Stage.objects.get(key=key).name == "Third"
        with pytest.raises(edits.NothingToDo):
            edits.redo(journey_id=journey.pk, by=ann, now=now + timedelta(minutes=9))

    def test_one_act_of_each_kind(self, journey, ann, now):
        states = [drawn(journey)]
        by = {"by": ann, "now": now}
        for act in [
            lambda: parts.add(part=Stage(journey=journey, name="Advocacy", kind="advocacy"), **by),
            lambda: parts.add(part=Step(stage=Stage.objects.get(name="Advocacy"), name="Recommends"), **by),
            lambda: parts.add(part=Lane(journey=journey, name="Ideas", kind="opportunity"), **by),
            lambda: parts.add(part=Card(step=step("Recommends"), lane=Lane.objects.get(name="Ideas"), text="X"), **by),
            lambda: parts.duplicate(part=Stage.objects.get(name="Consideration"), **by),
            lambda: parts.duplicate(part=step("Sees a product"), **by),
            lambda: parts.duplicate(part=Lane.objects.get(name="Pain points"), **by),
            lambda: parts.move(part=Stage.objects.get(name="Advocacy"), place=0, **by),
            lambda: parts.delete(part=Stage.objects.get(name="Awareness"), revision=0, **by),
            lambda: parts.delete(part=Lane.objects.get(name="Pain points"), revision=0, **by),
        ]:
            act()
            states.append(drawn(journey))
        assert all(a != b for a, b in itertools.pairwise(states))
        for state in reversed(states[:-1]):
            edits.undo(journey_id=journey.pk, **by)
            assert drawn(journey) == state
        with pytest.raises(edits.NothingToDo):
            edits.undo(journey_id=journey.pk, **by)
        for state in states[1:]:
            edits.redo(journey_id=journey.pk, **by)
            assert drawn(journey) == state
        with pytest.raises(edits.NothingToDo):
            edits.redo(journey_id=journey.pk, **by)

    @pytest.mark.parametrize("seed", range(8))
    def test_any_acts_are_taken_back_one_by_one(self, journey, ann, now, seed):
        dice, states = random.Random(seed), [drawn(journey)]
        for _ in range(25):
            self.something(journey, ann, now, dice)
            if MapEdit.objects.count() == len(states):  # the act changed something, if only a place's number
                states.append(drawn(journey))
        assert len(states) > 10
        for state in reversed(states[:-1]):
            edits.undo(journey_id=journey.pk, by=ann, now=now)
            assert drawn(journey) == state
        for state in states[1:]:
            edits.redo(journey_id=journey.pk, by=ann, now=now)
            assert drawn(journey) == state

    def something(self, journey, ann, now, dice) -> None:
        rows = {
            Stage: list(journey.stages.all()), Lane: list(journey.lanes.all()),
            Step: list(Step.objects.filter(stage__journey=journey)),
            Card: list(Card.objects.filter(lane__journey=journey)),
        }  # fmt: skip
        kind = dice.choice([Stage, Step, Lane, Card, Card])
        act = dice.choice(["add", "add", "move", "duplicate", "change", "delete"])
        name, by = f"{kind.__name__} {dice.random()}", {"by": ann, "now": now}
        if act == "add" or not rows[kind]:
            made = {
                Stage: lambda: Stage(journey=journey, name=name, kind="use"),
                Step: lambda: Step(stage=dice.choice(rows[Stage]), name=name) if rows[Stage] else None,
                Lane: lambda: Lane(journey=journey, name=name, kind="note"),
                Card: lambda: Card(step=dice.choice(rows[Step]), lane=dice.choice(rows[Lane]), text=name)
                if rows[Step] and rows[Lane] else None,
            }[kind]()  # fmt: skip
            if made:
                parts.add(part=made, **by)
            return
        part = dice.choice(rows[kind])
        if act == "move":
            if kind is Step:
                part.stage = dice.choice(rows[Stage])
            elif kind is Card:
                part.step, part.lane = dice.choice(rows[Step]), dice.choice(rows[Lane])
            parts.move(part=part, place=dice.randrange(6), **by)
        elif act == "duplicate":
            parts.duplicate(part=part, **by)
        elif act == "change":
            field = "text" if kind is Card else "name"
            setattr(part, field, name)
            parts.change(part=part, fields=[field], revision=part.revision, **by)
        elif len(rows[kind]) > 1:
            parts.delete(part=part, revision=part.revision, **by)

    def test_each_takes_back_the_own(self, journey, ann, bo, now):
        parts.add(part=Lane(journey=journey, name="Ann's", kind="note"), by=ann, now=now)
        parts.add(part=Lane(journey=journey, name="Bo's", kind="note"), by=bo, now=now)
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert set(journey.lanes.values_list("name", flat=True)) == {"Pain points", "Bo's"}

    def test_what_somebody_else_changed_since_is_not_taken_back(self, journey, ann, bo, now):
        card = Card.objects.get()
        for who, text in ((ann, "Ann's words"), (bo, "Bo's words")):
            card.text = text
            parts.change(part=card, fields=["text"], revision=Card.objects.get().revision, by=who, now=now)
        with pytest.raises(edits.Conflict, match="Ann's words"):
            edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert Card.objects.get().text == "Bo's words"
        assert MapEdit.objects.get().by == bo  # the one that cannot be taken back is no longer in the way

    def test_a_colleagues_new_name_stays(self, journey, ann, bo, now):
        stage = Stage.objects.get(name="Awareness")
        stage.expected_days = 9
        parts.change(part=stage, fields=["expected_days"], revision=0, by=ann, now=now)
        stage.name = "Notice"
        parts.change(part=stage, fields=["name"], revision=1, by=bo, now=now)
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        found = Stage.objects.get(pk=stage.pk)
        assert (found.name, found.kind, found.expected_days) == ("Notice", "awareness", 7)

    def test_who_has_gone_does_not_stand_in_the_way(self, journey, ann, bo, now):
        card = Card.objects.get()
        card.owner = bo
        parts.change(part=card, fields=["owner"], revision=0, by=ann, now=now)
        parts.delete(part=card, revision=1, by=ann, now=now)
        bo.delete()
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert Card.objects.get().owner is None

    def test_what_somebody_put_into_it_does_not_go_with_it(self, journey, ann, bo, now):
        parts.add(part=Lane(journey=journey, name="Ideas", kind="note"), by=ann, now=now)
        card = Card(step=step("Buys"), lane=Lane.objects.get(name="Ideas"), text="Bo's")
        parts.add(part=card, by=bo, now=now)
        with pytest.raises(edits.Conflict, match="Bo's"):
            edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert Card.objects.filter(text="Bo's").exists()

    def test_a_name_that_is_taken_by_now(self, journey, ann, bo, now):
        lane = Lane.objects.get()
        parts.delete(part=lane, revision=0, by=ann, now=now)
        parts.add(part=Lane(journey=journey, name="Pain points", kind="note"), by=bo, now=now)
        with pytest.raises(edits.Conflict, match="taken"):
            edits.undo(journey_id=journey.pk, by=ann, now=now)

    def test_a_new_act_ends_what_could_be_done_again(self, journey, ann, now):
        parts.add(part=Lane(journey=journey, name="One", kind="note"), by=ann, now=now)
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        parts.add(part=Lane(journey=journey, name="Two", kind="note"), by=ann, now=now)
        assert selectors.tools(journey_id=journey.pk, by=ann).redo is None

    def test_comments_outlive_a_deletion_that_is_taken_back(self, journey, ann, now):
        card = Card.objects.get()
        Comment.objects.create(journey=journey, card_key=card.key, text="True?", by=ann, at=now)
        parts.delete(part=card, revision=0, by=ann, now=now)
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert Comment.objects.get().card_key == Card.objects.get().key


class TestTwoPeople:
    def test_the_newer_change_is_not_overwritten(self, journey, ann, bo, now):
        mine, theirs = Card.objects.get(), Card.objects.get()
        theirs.text = "Bo's words"
        parts.change(part=theirs, fields=["text"], revision=0, by=bo, now=now)
        mine.text = "Ann's words"
        with pytest.raises(parts.Stale) as caught:
            parts.change(part=mine, fields=["text"], revision=0, by=ann, now=now)
        assert caught.value.theirs.text == "Bo's words"
        with pytest.raises(parts.Stale):
            parts.delete(part=mine, revision=0, by=ann, now=now)
        assert Card.objects.get().text == "Bo's words"
        parts.change(part=mine, fields=["text"], revision=1, by=ann, now=now)
        assert Card.objects.get().text == "Ann's words"

    def test_what_is_gone_is_gone(self, journey, ann, bo, now):
        card = Card.objects.get()
        parts.delete(part=Card.objects.get(), revision=0, by=bo, now=now)
        with pytest.raises(parts.Stale) as caught:
            parts.change(part=card, fields=["text"], revision=0, by=ann, now=now)
        assert caught.value.theirs is None

    def test_a_place_is_no_change(self, journey, ann, bo, now):
        card = Card.objects.get()
        moved = Card.objects.get()
        moved.step = step("Buys")
        parts.move(part=moved, place=0, by=bo, now=now)
        card.text = "Ann's words"
        parts.change(part=card, fields=["text"], revision=0, by=ann, now=now)
        found = Card.objects.get()
        assert (found.step.name, found.text) == ("Buys", "Ann's words")


class TestActs:
    def test_a_solved_card_knows_since_when(self, journey, ann, now):
        card = Card.objects.get()
        card.status = "solved"
        parts.change(part=card, fields=["status"], revision=0, by=ann, now=now)
        assert Card.objects.get().solved_at == now
        card = Card.objects.get()
        card.text = "Words"
        parts.change(part=card, fields=["text", "status"], revision=1, by=ann, now=now + timedelta(days=1))
        assert Card.objects.get().solved_at == now
        card.status = "open"
        parts.change(part=card, fields=["status"], revision=2, by=ann, now=now)
        assert Card.objects.get().solved_at is None

    def test_a_copy_has_another_key_and_no_rule(self, journey, ann, now):
        made = parts.duplicate(part=step("Sees a product"), by=ann, now=now)
        assert (made.name, made.match, made.position) == ("Sees a product (copy)", [], 1)
        assert made.key != step("Sees a product").key
        assert Card.objects.filter(step=made).count() == 1
        again = parts.duplicate(part=step("Sees a product"), by=ann, now=now)
        assert again.name == "Sees a product (copy 2)"

    def test_silence_needs_a_stage(self, ann, now):
        journey = drafts.import_text(text=wire.read({k: v for k, v in SHOP.items() if k != "lapse_after_days"}))
        journey.lapse_after_days = 30
        parts.change_journey(journey=journey, fields=["lapse_after_days"], revision=0, by=ann, now=now)
        assert journey.stages.order_by("-position").first().kind == "lapsed"
        edits.undo(journey_id=journey.pk, by=ann, now=now)
        assert not journey.stages.filter(kind="lapsed").exists()

    def test_old_edits_go(self, journey, ann, now, monkeypatch):
        monkeypatch.setattr(edits, "_KEPT", 3)
        for number in range(5):
            parts.add(part=Lane(journey=journey, name=f"L{number}", kind="note"), by=ann, now=now)
        assert MapEdit.objects.count() == 3
