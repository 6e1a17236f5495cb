"""Each icon that a page may show exists: an unknown name fails the page."""

import re
from pathlib import Path

import lucide
import pytest

from apps.core import registry
from apps.desk import timeline
from apps.journeys.enums import LaneKind
from apps.touchpoints.enums import Channel, Event
from apps.touchpoints.models import Interaction, Source

ROOT = Path(__file__).resolve().parents[2]


def names() -> set[str]:
    found = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= set(re.findall(r'\{% lucide "([^"]+)"', path.read_text()))
        found |= set(re.findall(r'icon="([a-z0-9-]+)"', path.read_text()))
    found |= {kind.icon for kind in LaneKind} | {item.icon for item in registry.navigation.values()}
    source = Source(kind="server")
    for event in [*Event.values, *timeline._EVENT_ICONS, "Something"]:
        for channel in Channel.values:
            row = Interaction(event=event, channel=channel, properties={}, context={}, source=source)
            found.add(timeline.describe(row).icon)
    return found


@pytest.mark.parametrize("score", [0, 5, 10])
def test_icons_of_answers(score):
    properties = {"score": score, "scale_high": 10, "kind": "nps"}
    row = Interaction(
        event="Survey Answered", channel="email", properties=properties, context={}, source=Source(kind="x")
    )
    lucide._render_icon(timeline.describe(row).icon, 16)


def test_icons_exist():
    missing = []
    for name in sorted(names() | {"clock-alert", "arrow-left-right"}):
        try:
            lucide._render_icon(name, 16)
        except lucide.IconDoesNotExist:
            missing.append(name)
    assert missing == []
