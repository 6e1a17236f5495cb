"""What a pattern asks of an interaction is the same in Python, where the fold asks it, and in SQL, where rules do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.customers.models import Customer
from apps.touchpoints import conditions
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction, Source, Touchpoint
from tests.core.test_rules import conditions as comparisons
from tests.core.test_rules import paths, texts, values

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, tzinfo=UTC)
EVENTS = st.sampled_from(["Order Completed", "order completed", "Order Completed ", "ß", "%", "O'Neill", "{}"])
CHANNELS = st.sampled_from([Channel.WEB.value, Channel.STORE.value])
PLACES = st.sampled_from(["Till", "till", "Fair 50%"])


@dataclass(frozen=True)
class Seen:
    """As the fold sees one."""

    event: str
    by: str
    channel: str
    touchpoint: str | None
    properties: Mapping[str, Any]


interactions = st.builds(
    Seen, EVENTS, st.sampled_from(By.values), CHANNELS, st.none() | PLACES,
    st.dictionaries(st.sampled_from(["a", "b__c", "d'", "0", "%s"]), values, max_size=3),
)  # fmt: skip
wheres = st.lists(
    st.tuples(paths, comparisons).map(lambda one: [f"properties.{one[0]}", one[1][0], one[1][1]]), max_size=2
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "event": EVENTS | texts.filter(str.strip), "by": st.sampled_from([*By.values, conditions.ANYBODY]),
        "channel": CHANNELS, "touchpoint": PLACES, "where": wheres,
    },
)  # fmt: skip


def store(seen: Seen) -> Interaction:
    source = Source.objects.first() or sources.create(name="Shop", kind=SourceKind.SERVER)
    place = Touchpoint.objects.get_or_create(name=seen.touchpoint)[0] if seen.touchpoint else None
    number = Interaction.objects.count()  # examples of one test share its transaction
    return Interaction.objects.create(
        customer=Customer.objects.create(), occurred_at=AT, received_at=AT, event=seen.event, by=seen.by,
        channel=seen.channel, touchpoint=place, properties=dict(seen.properties), source=source,
        message_id=f"m{number}",
    )  # fmt: skip


def both(entry: dict, seen: Seen, row: Interaction) -> tuple[bool, bool]:
    conditions.check(entry, where="here")
    pattern = conditions.read(entry)
    return pattern.fits(seen), Interaction.objects.filter(pattern.condition(), pk=row.pk).exists()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries, interactions)
def test_both_evaluations_agree(entry, seen):
    row = store(seen)
    in_python, in_sql = both(entry, seen, row)
    event(f"fits: {in_python}")
    assert in_python is in_sql


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(interactions, st.data())
def test_both_agree_where_all_but_one_thing_fits(seen, data):
    """Taken from the interaction itself, so that each part decides in turn, and half of them fit."""
    row = store(seen)
    entry: dict[str, Any] = {"event": seen.event, "by": seen.by, "channel": seen.channel}
    if seen.touchpoint:
        entry["touchpoint"] = seen.touchpoint
    entry["where"] = [[f"properties.{key}", "=", value] for key, value in seen.properties.items()]
    assert both(entry, seen, row) == (True, True)
    changed = data.draw(st.sampled_from(sorted(entry)))
    entry[changed] = data.draw({"event": EVENTS, "by": st.sampled_from(By.values), "channel": CHANNELS,
                                "touchpoint": PLACES, "where": wheres}[changed])  # fmt: skip
    in_python, in_sql = both(entry, seen, row)
    assert in_python is in_sql


def test_what_nobody_says_may_be_anything_but_who_did_it():
    seen = Seen("X", By.COMPANY.value, Channel.WEB.value, None, {})
    row = store(seen)
    assert both({}, seen, row) == (False, False)
    assert both({"by": "any"}, seen, row) == (True, True)
    assert both({"by": "any", "touchpoint": "Till"}, seen, row) == (False, False)
    assert both({"by": "any", "where": [["properties.a", "!=", 1]]}, seen, row) == (True, True)
