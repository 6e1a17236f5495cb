"""Ready-made sets and industry maps: each is valid, complete, in words of domain.md, and comes back as it went."""

import json

import pytest

from apps.customers.models import Persona
from apps.journeys import library, wire
from apps.journeys.actions import creating, publishing
from apps.journeys.enums import CardStatus, Evidence, Frequency, LaneKind, StageKind
from apps.journeys.models import Journey
from apps.journeys.selectors import starting
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Role
from apps.touchpoints.enums import Channel, Ownership
from apps.touchpoints.models import Touchpoint
from tests.architecture.test_words import WORD
from tests.factories import staff

KEYS = ["ecommerce", "retail_store", "car_dealer", "health_care", "banking", "insurance", "b2b_software"]
SETS = {  # the table of domain.md
    "four": [("Brand awareness", "awareness"), ("Consideration", "consideration"), ("Purchase decision", "purchase"),
             ("Post-purchase", "retention")],
    "five": [("Awareness", "awareness"), ("Consideration", "consideration"), ("Purchase", "purchase"),
             ("Retention", "retention"), ("Advocacy", "advocacy")],
    "six": [("Awareness", "awareness"), ("Discovery", "discovery"), ("Consideration", "consideration"),
            ("Purchase", "purchase"), ("Retention", "retention"), ("Advocacy", "advocacy")],
    "problem": [("Problem", "problem"), ("Awareness", "awareness"), ("Consideration", "consideration"),
                ("Purchase", "purchase"), ("Retention", "retention"), ("Loyalty", "loyalty")],
    "b2b": [("Inspiration", "problem"), ("Opportunity", "awareness"), ("Research", "discovery"),
            ("Shortlist and demo", "consideration"), ("Decision and contract", "purchase"),
            ("Implementation", "onboarding"), ("Results", "use")],
}  # fmt: skip
NAMED = {  # what the issue asks for: a touchpoint or step that says it
    "ecommerce": ["social media", "browses the website", "cart", "checkout", "delivery tracking", "product reviews"],
    "health_care": ["researches the symptoms", "insurance verification", "appointment", "consultation",
                    "treatment plan", "follow-up"],
    "banking": ["researches accounts", "branch", "application", "account set-up", "mobile banking",
                "financial advice"],
    "retail_store": ["till", "advice", "loyalty"], "car_dealer": ["test drive", "handover", "configurator"],
    "insurance": ["quote", "claim", "renewal"], "b2b_software": ["demo", "contract", "implementation"],
}  # fmt: skip
LANES = ["Actions", "Touchpoints", "Thoughts", "Pain points", "Opportunities", "Backstage", "KPIs"]
templates = pytest.mark.parametrize("key", KEYS)


@pytest.fixture
def ann(db):
    return staff(Role.MARKETER)


def of_lane(text: dict, kind: LaneKind) -> list[dict]:
    names = {lane["name"] for lane in text["lanes"] if lane["kind"] == kind}
    return [card for card in text["cards"] if card["lane"] in names]


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        library.template("../wire")
    with pytest.raises(KeyError):
        library.map_of_set("eight")


def test_all_are_there():
    assert [one.key for one in library.templates()] == KEYS
    assert {one.key: [(name, kind.value) for name, kind in one.stages] for one in library.SETS} == SETS


def test_who_changes_a_template_changes_their_own():
    library.template("banking").map["stages"].clear()
    assert library.template("banking").map["stages"] != []


@pytest.mark.parametrize("key", SETS)
def test_a_set_becomes_a_map_that_can_be_published(key, ann, now):
    journey = creating.from_set(key=key, name="Ours", by=ann, now=now)
    text = export_text(journey)
    assert [(stage["name"], stage["kind"]) for stage in text["stages"]] == SETS[key]
    assert [lane["name"] for lane in text["lanes"]] == LANES
    assert text["cards"] == []
    assert publishing.publish(journey=journey, now=now, by=ann).number == 1


def test_an_empty_map_has_one_stage_and_the_lanes(ann, now):
    text = export_text(creating.empty(name="Ours", by=ann, now=now))
    assert [(stage["name"], stage["kind"], stage["steps"]) for stage in text["stages"]] == [
        ("First stage", "awareness", [])
    ]
    assert [lane["name"] for lane in text["lanes"]] == LANES


@templates
def test_a_template_comes_back_as_it_went_and_can_be_published(key, ann, now):
    text = library.template(key).map
    journey = creating.from_template(key=key, name=text["name"], by=ann, now=now)
    assert export_text(journey) == text | {"owner": ann.email}
    assert publishing.publish(journey=journey, now=now, by=ann).number == 1
    assert Journey.objects.get().owner == ann


@templates
def test_a_template_is_complete(key):
    text = library.template(key).map
    read = wire.read(text)
    steps = [step for stage in read.stages for step in stage.steps]
    assert 4 <= len(steps) <= 12
    assert read.expected_days
    assert all(read.scope.values())
    assert any(sign.isdigit() for sign in read.scope["expectations"])
    assert all(step.match and step.emotion is not None and step.feeling for step in steps)
    assert any(step.is_moment_of_truth for step in steps)
    assert any(step.is_optional for step in steps)
    assert any(step.takes_minutes for step in steps)
    assert min(step.emotion for step in steps) <= -1 < 1 <= max(step.emotion for step in steps)
    assert all(stage.steps or stage.kind == StageKind.LAPSED for stage in read.stages)
    filled = {(card["step"], card["lane"]) for card in text["cards"]}
    always = set(LANES) - {"Opportunities"}
    assert [(step.name, lane) for step in steps for lane in always if (step.name, lane) not in filled] == []


@templates
def test_cards_say_what_their_lane_asks_for(key):
    text = library.template(key).map
    touchpoints = {one["name"] for one in library.template(key).touchpoints}
    assert {card["touchpoint"] for card in of_lane(text, LaneKind.TOUCHPOINTS)} == touchpoints
    for card in of_lane(text, LaneKind.PAIN):
        assert 1 <= card["severity"] <= 5
        assert card["frequency"] in Frequency.values
        assert card["evidence"] in Evidence.values
        assert card["evidence_note"]
        assert card["status"] == CardStatus.OPEN
    for card in of_lane(text, LaneKind.OPPORTUNITY):
        assert {"effort", "impact", "status"} <= set(card)
    for card in of_lane(text, LaneKind.KPI):
        assert card["unit"]
        assert card["target"] > 0


@templates
def test_persona_and_touchpoints_are_whole(key, db):
    found = library.template(key)
    assert found.persona["name"] == found.map["persona"]
    assert set(found.persona) == {"name", "role", "quote", "goals", "needs", "frustrations", "channels"}
    assert all(found.persona.values())
    Persona(**found.persona).full_clean()
    for one in found.touchpoints:
        assert set(one) == {"name", "channel", "ownership", "is_direct", "description"}
        assert one["channel"] in Channel.values
        assert one["ownership"] in Ownership.values
        assert one["description"]
        Touchpoint(**one).full_clean()


@templates
def test_what_the_issue_names_is_in_it(key):
    found = library.template(key)
    names = [step["name"] for stage in found.map["stages"] for step in stage["steps"]]
    said = " | ".join([*names, *(one["name"] for one in found.touchpoints)]).lower()
    assert [word for word in NAMED[key] if word not in said] == []


@templates
def test_its_words_are_those_of_the_domain_and_said_once(key):
    found = library.template(key)
    all_of_it = json.dumps([found.persona, found.touchpoints, found.map], ensure_ascii=False)
    assert WORD.search(all_of_it) is None
    assert "lorem" not in all_of_it.lower()
    texts = [card["text"] for card in found.map["cards"]]
    assert len(texts) == len(set(texts))


def test_previews_say_what_is_in_them():
    first = starting.template_previews()[0]
    text = library.template("ecommerce").map
    assert (first.value, first.persona) == ("template:ecommerce", "Evening shopper")
    assert first.steps == 12
    assert first.cards == len(text["cards"])
    assert [name for name, _ in first.stages] == ["Awareness", "Consideration", "Purchase", "Delivery", "Loyalty"]
    assert [kind for kind, _ in first.samples] == [LaneKind.THOUGHTS, LaneKind.PAIN, LaneKind.OPPORTUNITY]
    assert [one.value for one in starting.set_previews()] == [f"set:{key}" for key in SETS]
