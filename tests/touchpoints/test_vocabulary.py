"""What the editors of rules suggest: names always, a value only when several people had it."""

import pytest

from apps.touchpoints import vocabulary
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.actions import vocabulary as noting
from apps.touchpoints.enums import Channel, SourceKind
from apps.touchpoints.models import SeenEvent, SeenProperty, VocabularyCursor
from apps.touchpoints.tasks import note_vocabulary
from apps.touchpoints.wire import Call, read_items
from tests.touchpoints.sending import track

pytestmark = pytest.mark.django_db


def send(now, *items: dict) -> None:
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    ingest.store(
        source=source, items=list(read_items(Call(list(items)), received_at=now, is_public=False)), received_at=now
    )


def test_nothing_received_suggests_nothing(now):
    note_vocabulary()
    assert (vocabulary.events(), vocabulary.properties("X"), vocabulary.values("X", "properties.a")) == ([], [], [])
    assert vocabulary.channels() == Channel.values


def test_events_the_latest_first(now):
    send(now, track("A", timestamp="2026-01-02T00:00:00Z"), track("B", timestamp="2026-01-03T00:00:00Z"))
    send(now, track("C", timestamp="2026-01-01T00:00:00Z", context={"channel": "store"}))
    note_vocabulary()
    assert vocabulary.events() == ["B", "A", "C"]
    assert vocabulary.channels()[:2] == ["web", "store"]
    assert vocabulary.channels()[2] == "app"


def test_a_value_is_kept_only_when_two_customers_had_it(now):
    send(
        now,
        track("X", user="ann", properties={"plan": "gold", "note": "mine", "price": 10, "gift": True}),
        track("X", user="ann", properties={"plan": "silver", "note": "mine"}),
        track("X", user="bo", properties={"plan": "gold", "price": 10, "gift": True, "tags": ["a"], "none": None}),
    )
    note_vocabulary()
    names = ["gift", "none", "note", "plan", "price", "tags"]
    assert vocabulary.properties("X") == [f"properties.{name}" for name in names]
    assert {name: vocabulary.values("X", f"properties.{name}") for name in names} == {
        "gift": ["True"], "none": [], "note": [], "plan": ["gold"], "price": ["10"], "tags": [],
    }  # fmt: skip
    assert "mine" not in str(list(SeenProperty.objects.values_list("values", flat=True)))
    assert SeenProperty.objects.get(path="properties.none").kinds == ["null"]


@pytest.mark.parametrize("value", ["ann@mail.example", "+49 170 1234567", "12345678", "x" * 101])
def test_addresses_numbers_to_call_and_long_texts_are_never_kept(now, value):
    send(now, track("X", user="ann", properties={"a": value}), track("X", user="bo", properties={"a": value}))
    note_vocabulary()
    assert vocabulary.properties("X") == ["properties.a"]
    assert vocabulary.values("X", "properties.a") == []


def test_values_of_later_reads_are_added_up_to_twenty(now):
    for number in range(25):
        send(now, *(track("X", user=user, properties={"a": f"v{number:02}"}) for user in ("ann", "bo")))
        assert noting.note_next()
    assert vocabulary.values("X", "properties.a") == [f"v{number:02}" for number in range(20)]
    assert SeenEvent.objects.get(event="X").count == 50


def test_the_task_reads_on_where_it_stopped_and_twice_is_harmless(now, monkeypatch):
    monkeypatch.setattr(noting, "CHUNK", 2)
    send(now, *(track(f"E{number}") for number in range(5)))
    note_vocabulary()
    before = list(SeenEvent.objects.order_by("pk").values("event", "count", "last_at"))
    note_vocabulary()
    assert list(SeenEvent.objects.order_by("pk").values("event", "count", "last_at")) == before
    assert [row["event"] for row in before] == [f"E{number}" for number in range(5)]
    VocabularyCursor.objects.update(interaction_id=0)
    note_vocabulary()
    assert vocabulary.events() == ["E0", "E1", "E2", "E3", "E4"]


def test_a_flood_of_names_is_cut_to_the_latest(now, monkeypatch):
    monkeypatch.setattr(noting, "MOST_EVENTS", 2)
    monkeypatch.setattr(noting, "MOST_PROPERTIES", 1)
    send(now, *(track(f"E{n}", properties={f"p{n}": 1}, timestamp=f"2026-01-0{n}T00:00:00Z") for n in range(1, 5)))
    note_vocabulary()
    assert vocabulary.events() == ["E4", "E3"]
    assert vocabulary.properties("E4") == ["properties.p4"]
    assert SeenProperty.objects.count() == 1


def test_hostile_names_are_only_text(now):
    name = "a'; DROP TABLE x; -- \" {} %s"
    send(now, track(name, properties={name: name, "": 1, "k" * 101: 1}))
    note_vocabulary()
    assert vocabulary.events() == [name]
    assert vocabulary.properties(name) == [f"properties.{name}"]
