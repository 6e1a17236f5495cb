"""Every change of the clocks from 2020 to 2030 in ten zones: a wait until a local time ends once, at the right minute
of the right day. The expectation is found by walking minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from apps.campaigns import timing

ZONES = [
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns",
    "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Auckland",
]  # fmt: skip
CLOCKS = [time(0), time(0, 30), time(1, 30), time(2), time(2, 30), time(3), time(9), time(23, 59)]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@cache
def changes(zone: ZoneInfo) -> list[datetime]:
    """The hours in which the offset from UTC changes."""
    found, at = [], datetime(2020, 1, 1, tzinfo=UTC)
    end = datetime(2031, 1, 1, tzinfo=UTC)
    while at < end:
        if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset():
            found.append(at + HOUR)
        at += HOUR
    return found


def walked(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first minute of the wall's day that is at the clock time or later."""
    at = datetime.combine(day, time(0), UTC) - 15 * HOUR
    while True:
        wall = at.astimezone(zone)
        if (wall.date(), wall.time()) >= (day, clock):
            return at
        at += MINUTE


def arrivals(change: datetime) -> Iterator[datetime]:
    yield change - 20 * HOUR
    yield change - 90 * MINUTE
    yield change - MINUTE


@pytest.mark.parametrize("name", ZONES)
def test_waits_end_at_the_right_minute(name):
    zone = ZoneInfo(name)
    assert len(changes(zone)) >= 8
    for change in changes(zone):
        for arrival in arrivals(change):
            for clock in CLOCKS:
                local = arrival.astimezone(zone)
                day = local.date() + (DAY if clock < local.time() else timedelta())
                due = timing.due_at({"until": f"{clock:%H:%M}"}, arrival=arrival, zone=zone)
                assert due == max(arrival, walked(day, clock, zone)), (change, arrival, clock)
                again = timing.due_at({"days": 1, "until": f"{clock:%H:%M}"}, arrival=due, zone=zone)
                assert again > due
                assert (again.astimezone(zone).date() - due.astimezone(zone).date()).days in {1, 2}
