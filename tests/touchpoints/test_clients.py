"""Real event clients over HTTP: every event stored once, every history right, the funnel equal to the expected."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from apps.insights.selectors import FunnelQuery, funnel
from apps.journeys import wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Journey, StageEntry
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from bench import replay
from tests.journeys.clickstream import JOURNEY
from tests.journeys.oracle import Happened, history
from tests.pipeline import drain

pytestmark = pytest.mark.django_db(transaction=True)
EXPECTED = json.loads((Path(replay.FILE).parent / "expected_funnels.json").read_text())


@pytest.mark.parametrize("client", ["segment", "rudder"])
def test_a_clickstream_through_a_real_client(live_server, client):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    journey = drafts.import_text(text=wire.read(JOURNEY))
    publishing.publish(journey=journey, now=timezone.now(), by=None)
    sent = replay.send(client, url=live_server.url, write_key=source.write_key)
    now = timezone.now()
    drain(now)
    journey = Journey.objects.get(pk=journey.pk)

    assert Interaction.objects.count() == sent == EXPECTED["rows"]
    assert Interaction.objects.values("customer").distinct().count() == EXPECTED["users"]
    assert _stored_histories(journey) == _true_histories(journey, now)
    _check_funnels(journey)


def _stored_histories(journey: Journey) -> dict:
    names = {stage["key"]: stage["name"] for stage in journey.current_version.snapshot["stages"]}
    found: dict = {}
    entries = StageEntry.objects.standing().filter(journey=journey, customer__identities__kind="external")
    for row in entries.annotate(user=F("customer__identities__value")).order_by("entered_at", "pk"):
        entry = (row.lap, names[str(row.stage_key)], row.entered_at, row.left_at, row.overdue_at)
        found.setdefault(row.user, []).append(entry)
    return found


def _true_histories(journey: Journey, now) -> dict:
    by_user: dict = {}
    for number, row in enumerate(replay.rows()):
        by_user.setdefault(row["user_id"], []).append(Happened(number, row["timestamp"], row["event"]))
    snapshot = journey.current_version.snapshot
    histories = {user: history(snapshot, happened, now) for user, happened in by_user.items()}
    return {user: entries for user, entries in histories.items() if entries}


def _check_funnels(journey: Journey) -> None:
    def counts(**query) -> list[int]:
        return [count for _step, count in funnel(journey, FunnelQuery(**query)).steps]

    assert counts() == EXPECTED["by_user_no_window"]
    assert counts(unit="session") == EXPECTED["by_session_no_window"]
    assert counts(window=timedelta(seconds=3600)) == EXPECTED["by_user_window_3600s"]
    assert counts(window=timedelta(days=7)) == EXPECTED["by_user_window_7d"]
    assert counts(order="any") == EXPECTED["any_order_by_user"]
    groups = funnel(journey, FunnelQuery(breakdown="platform")).groups
    found = {value: [count for _step, count in steps] for value, steps in groups}
    assert found == EXPECTED["by_user_no_window_per_platform"]
