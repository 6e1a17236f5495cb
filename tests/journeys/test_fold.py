"""architecture.md §3, sentence by sentence, on the pure fold; and against a slow oracle."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.journeys.fold import Fold, State
from apps.journeys.maps import Map, Seen, read_map
from tests.journeys.maps import EVENTS, SHOP
from tests.journeys.oracle import Happened, history

START = datetime(2026, 1, 1, tzinfo=UTC)
JOURNEY = 7


def snapshot(text=SHOP) -> dict:
    made = deepcopy(text)
    if made.get("lapse_after_days") and all(stage["kind"] != "lapsed" for stage in made["stages"]):
        made["stages"].append({"name": "Lapsed", "kind": "lapsed", "steps": []})
    for stage in made["stages"]:
        stage["key"] = f"stage {stage['name']}"
        for step in stage["steps"]:
            step["key"] = f"step {step['name']}"
    return made


MAP: Map = read_map(snapshot())


def seen(number: int, day: float, event: str, by: str = "customer", **properties) -> Seen:
    return Seen(number, START + timedelta(days=day), event, by, "web", None, properties, "live")


def decided(number: int, day: float, stage: str) -> Seen:
    return seen(number, day, "Stage Set", "company", journey=JOURNEY, stage=f"stage {stage}")


def fold(*interactions: Seen, until: float = 0, state: State | None = None, to: Map = MAP) -> Fold:
    made = Fold(to, state, journey_id=JOURNEY)
    made.take_all(interactions)
    made.finish(now=START + timedelta(days=until) if until else interactions[-1].at, origin="live")
    return made


def rows(made: Fold) -> list[tuple]:
    return [(e.lap, made.map.stages[e.stage].name, _day(e.entered_at), _day(e.left_at)) for e in made.entries]


def _day(at: datetime | None) -> float | None:
    return None if at is None else (at - START) / timedelta(days=1)


def test_a_later_stage_moves_on_and_the_same_stage_opens_no_new_entry():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 1, "Product Viewed"), seen(3, 2, "Product Added"))
    assert rows(made) == [(1, "Awareness", 0, 2), (1, "Consideration", 2, None)]
    assert [visit.step.name for visit in made.visits] == [
        "Sees a product",
        "Sees a product",
        "Fills the cart",
    ]


def test_an_earlier_stage_moves_nobody_back_and_shows_as_a_deviation():
    made = fold(seen(1, 0, "Product Added"), seen(2, 1, "Product Viewed"))
    assert rows(made) == [(1, "Consideration", 0, None)]
    assert [visit.is_backward for visit in made.visits] == [False, True]


def test_a_stage_that_says_back_takes_the_customer_back():
    made = fold(seen(1, 0, "Order Completed"), seen(2, 1, "Product Added"))
    assert rows(made) == [(1, "Purchase", 0, 1), (1, "Consideration", 1, None)]


def test_a_step_visited_again_after_another_is_repeated():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 1, "Product Viewed"), seen(3, 2, "Product Added"),
                seen(4, 3, "Product Viewed"))  # fmt: skip
    assert [visit.is_repeated for visit in made.visits] == [False, False, False, True]


def test_an_interaction_that_fits_several_steps_reaches_the_latest_and_nth_counts_over_life():
    made = fold(seen(1, 0, "Order Completed"), seen(2, 1, "Order Completed"), seen(3, 2, "Order Completed"))
    assert [visit.step.name for visit in made.visits] == ["Buys", "Buys again", "Buys again"]
    assert rows(made) == [(1, "Purchase", 0, 1), (1, "Loyalty", 1, None)]


def test_an_earlier_stage_long_after_the_last_visit_starts_a_new_lap():
    text = deepcopy(SHOP)
    del text["lapse_after_days"]
    made = fold(seen(1, 0, "Order Completed"), seen(2, 90, "Product Viewed"), to=read_map(snapshot(text)))
    assert rows(made) == [(1, "Purchase", 0, 90), (2, "Awareness", 90, None)]
    just_before = fold(seen(1, 0, "Order Completed"), seen(2, 89.99, "Product Viewed"), to=read_map(snapshot(text)))
    assert rows(just_before) == [(1, "Purchase", 0, None)]


def test_silence_enters_the_lapsed_stage_exactly_then_and_any_step_starts_a_new_lap():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 1, "Something Else"), seen(3, 100, "Order Completed"))
    assert rows(made) == [(1, "Awareness", 0, 61), (1, "Lapsed", 61, 100), (2, "Purchase", 100, None)]


def test_what_the_company_does_neither_ends_silence_nor_reaches_a_step_unless_the_match_says_so():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 30, "Product Added", "company"), until=70)
    assert rows(made) == [(1, "Awareness", 0, 60), (1, "Lapsed", 60, None)]
    reached = fold(seen(1, 0, "Product Viewed"), seen(2, 1, "Question Asked", "company"))
    assert rows(reached)[-1] == (1, "Consideration", 1, None)


def test_overdue_is_written_once_an_entry():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 8, "Product Viewed"), seen(3, 20, "Product Viewed"))
    assert [(move.kind, _day(move.at)) for move in made.moves] == [("start", 0), ("overdue", 7)]
    assert _day(made.entries[0].overdue_at) == 7


def test_who_moves_on_just_in_time_is_not_overdue():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 7, "Order Completed"), until=50)
    assert made.entries[0].overdue_at is None


def test_look_again_is_the_next_thing_that_time_alone_does():
    made = fold(seen(1, 0, "Product Viewed"))
    assert made.look_again_at == START + timedelta(days=7)
    assert fold(seen(1, 0, "Product Viewed"), until=8).look_again_at == START + timedelta(days=60)
    assert fold(seen(1, 0, "Product Viewed"), until=61).look_again_at is None


def test_a_staff_decision_holds_until_the_next_step_that_moves_on():
    made = fold(seen(1, 0, "Order Completed"), decided(2, 1, "Consideration"), seen(3, 2, "Product Viewed"),
                seen(4, 3, "Order Completed"))  # fmt: skip
    assert rows(made) == [
        (1, "Purchase", 0, 1), (1, "Consideration", 1, 3), (1, "Loyalty", 3, None),
    ]  # fmt: skip
    held = fold(seen(1, 0, "Product Viewed"), decided(2, 1, "Purchase"), seen(3, 2, "Product Added"))
    assert rows(held)[-1] == (1, "Purchase", 1, None)


def test_a_staff_decision_puts_somebody_on_the_journey_and_unknown_stages_do_nothing():
    assert rows(fold(decided(1, 0, "Purchase"))) == [(1, "Purchase", 0, None)]
    assert rows(fold(decided(1, 0, "Nowhere"))) == []
    other = seen(1, 0, "Stage Set", "company", journey=JOURNEY + 1, stage="stage Purchase")
    assert rows(fold(other)) == []


def test_conditions_on_properties():
    text = deepcopy(SHOP)
    text["stages"][0]["steps"][0]["match"] = [{"event": "Product Viewed", "where": [["properties.price", ">", 10]]}]
    to = read_map(snapshot(text))
    assert rows(fold(seen(1, 0, "Product Viewed", price=10), to=to)) == []
    assert rows(fold(seen(1, 0, "Product Viewed", price="11"), to=to)) == []
    assert rows(fold(seen(1, 0, "Product Viewed"), to=to)) == []
    assert rows(fold(seen(1, 0, "Product Viewed", price=10.5), to=to)) == [(1, "Awareness", 0, None)]


def test_the_state_survives_storing():
    made = fold(seen(1, 0, "Product Viewed"), seen(2, 1, "Order Completed"), decided(3, 2, "Awareness"), until=30)
    assert State.load(made.state.dump()) == made.state


@pytest.mark.parametrize("late_by_id", [False, True])
def test_what_comes_before_something_folded_is_late(late_by_id):
    state = fold(seen(5, 1, "Product Viewed")).state
    assert state.is_late(seen(4 if late_by_id else 6, 1 if late_by_id else 0.5, "Product Added"))
    assert not state.is_late(seen(6, 1, "Product Added"))


def test_what_comes_at_the_time_of_a_silence_is_late_when_time_was_first():
    state = fold(seen(1, 0, "Product Viewed"), until=60).state
    assert state.is_late(seen(2, 60, "Product Viewed"))
    assert not state.is_late(seen(2, 60.5, "Product Viewed"))


happenings = st.lists(
    st.tuples(
        st.integers(0, 400).map(lambda half_days: half_days / 2),
        st.sampled_from([*EVENTS, "decide Purchase", "decide Awareness", "decide Lapsed"]),
        st.sampled_from(["customer", "customer", "customer", "company", "machine"]),
    ),
    max_size=25,
)


def _both(rows: list) -> tuple[list[Seen], list[Happened]]:
    ours, theirs = [], []
    for number, (day, event, by) in enumerate(rows, 1):
        if event.startswith("decide "):
            stage = event.removeprefix("decide ")
            ours.append(decided(number, day, stage))
            theirs.append(Happened(number, START + timedelta(days=day), "", "company", stage))
        else:
            ours.append(seen(number, day, event, by))
            theirs.append(Happened(number, START + timedelta(days=day), event, by))
    return sorted(ours, key=lambda one: (one.at, one.id)), theirs


AT_THE_TIME_OF_A_SILENCE = [
    (16.5, "Product Viewed", "customer"),
    (16.5, "decide Lapsed", "company"),
    (76.5, "decide Purchase", "company"),
]


@settings(max_examples=400, deadline=None)
@given(happenings, st.integers(200, 400))
@example(AT_THE_TIME_OF_A_SILENCE, 200)
def test_the_history_equals_the_oracle(rows, until):
    ours, theirs = _both(rows)
    if not ours:
        return
    made = fold(*ours, until=until)
    names = [stage.name for stage in MAP.stages]
    assert [(e.lap, names[e.stage], e.entered_at, e.left_at, e.overdue_at) for e in made.entries] == history(
        snapshot(), theirs, START + timedelta(days=until)
    )


@settings(max_examples=300, deadline=None)
@given(happenings, st.lists(st.integers(0, 25), max_size=4), st.integers(200, 400))
def test_extending_in_any_batches_equals_folding_from_nothing(rows, cuts, until):
    ours, _ = _both(rows)
    if not ours:
        return
    whole = fold(*ours, until=until)
    state, entries, visits = State(), [], []
    bounds = sorted({0, len(ours), *(min(cut, len(ours)) for cut in cuts)})
    for start, end in pairwise(bounds):
        following = ours[end].at if end < len(ours) else START + timedelta(days=until)
        part = Fold(MAP, state, journey_id=JOURNEY)
        part.take_all(ours[start:end])
        part.finish(now=min(following, ours[end - 1].at + timedelta(days=3)), origin="live")
        if end < len(ours) and part.state.is_late(ours[end]):
            return  # the pipeline folds anew here, which is the other side of this equation
        _go_on(entries, part)
        visits += part.visits
        state = State.load(part.state.dump())
    last = Fold(MAP, state, journey_id=JOURNEY)
    last.finish(now=START + timedelta(days=until), origin="live")
    _go_on(entries, last)
    assert [_facts(e) for e in entries] == [_facts(e) for e in whole.entries]
    assert visits == whole.visits
    assert last.state == whole.state


def _go_on(entries: list, part: Fold) -> None:
    for entry in part.entries:
        if entry.is_stored:
            entries[-1].left_at = entry.left_at
            entries[-1].overdue_at = entries[-1].overdue_at or entry.overdue_at
        else:
            entries.append(entry)


def _facts(entry) -> tuple:
    return entry.stage, entry.lap, entry.entered_at, entry.left_at, entry.overdue_at
