"""Waits: domain.md, "Waiting and time"."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.campaigns import timing

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wait", "arrival", "due"),
    [
        ({"minutes": 0}, "2026-03-02T12:00:00+01:00", "2026-03-02T12:00:00+01:00"),
        ({"hours": 36}, "2026-03-02T12:00:00+01:00", "2026-03-04T00:00:00+01:00"),
        ({"days": 3}, "2026-03-27T12:00:00+01:00", "2026-03-30T13:00:00+02:00"),
        ({"days": 3, "until": "10:00"}, "2026-03-02T09:00:00+01:00", "2026-03-05T10:00:00+01:00"),
        ({"days": 3, "until": "10:00"}, "2026-03-02T10:00:00+01:00", "2026-03-05T10:00:00+01:00"),
        ({"days": 3, "until": "10:00"}, "2026-03-02T11:00:00+01:00", "2026-03-06T10:00:00+01:00"),
        ({"days": 0, "until": "10:00"}, "2026-03-02T09:00:00+01:00", "2026-03-02T10:00:00+01:00"),
        ({"until": "10:00"}, "2026-03-02T23:30:00+00:00", "2026-03-03T10:00:00+01:00"),
        # 02:30 does not exist on this day: the first minute after.
        ({"days": 1, "until": "02:30"}, "2026-03-28T01:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        # 02:30 comes twice on this day: the first.
        ({"days": 1, "until": "02:30"}, "2026-10-24T01:00:00+02:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_due_at(wait, arrival, due):
    timing.check_wait(wait)
    assert timing.due_at(wait, arrival=at(arrival), zone=BERLIN) == at(due)


@pytest.mark.parametrize(
    ("time_zone", "country", "company", "zone"),
    [
        ("Asia/Tokyo", "DE", "UTC", "Asia/Tokyo"),
        ("", "de", "UTC", "Europe/Berlin"),
        ("Nowhere/Town", "US", "UTC", "America/New_York"),
        ("", "", "Europe/Rome", "Europe/Rome"),
        ("", "XX", "", "UTC"),
    ],
)
def test_zone(time_zone, country, company, zone):
    assert timing.zone_of(time_zone=time_zone, country=country, company=company) == ZoneInfo(zone)


@pytest.mark.parametrize("wait", [{}, [], {"weeks": 1}, {"days": -1}, {"days": True}, {"until": 10}, {"days": 1e12}])
def test_a_wait_that_is_none(wait):
    with pytest.raises(timing.TimingError):
        timing.check_wait(wait)


def test_every_hour_of_a_gap_is_the_first_minute_after():
    for minute in range(0, 60, 7):
        wall = datetime(2026, 3, 29, 2, minute)
        assert timing.instant(wall, BERLIN) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
