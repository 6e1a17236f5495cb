"""Quiet hours and business hours against an oracle that goes minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import hours
from apps.core.models import office_hours

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
# Hours that are missing or come twice at night, at midnight, half an hour long; a day that never was; none at all.
ZONES_AND_CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 29, 21, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 1, tzinfo=UTC)),
    ("UTC", datetime(2026, 2, 28, tzinfo=UTC)),
]

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 45, 59]))
zones_and_moments = st.tuples(st.sampled_from(ZONES_AND_CHANGES), st.integers(-40 * 60, 40 * 60)).map(
    lambda drawn: (ZoneInfo(drawn[0][0]), drawn[0][1] + drawn[1] * MINUTE)
)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


class Minutes:
    """The clock on the wall at each minute around a moment; the first at which it shows a time or has gone past it."""

    def __init__(self, around: datetime, zone: ZoneInfo, *, before: int, after: int) -> None:
        start = around - timedelta(days=before)
        self.moments = [start + n * MINUTE for n in range((before + after) * 1440)]
        self.walls = [local(moment, zone) for moment in self.moments]

    def first_at(self, day: date, clock: time) -> datetime:
        wanted = datetime.combine(day, clock)
        return next(moment for moment, wall in zip(self.moments, self.walls, strict=True) if wall >= wanted)


def slow_end_of_quiet(at: datetime, quiet_from: time, quiet_until: time, zone: ZoneInfo) -> datetime | None:
    minutes = Minutes(at, zone, before=5, after=4)
    nights = timedelta(days=1 if quiet_until < quiet_from else 0)
    today = local(at, zone).date()
    for days in (-3, -2, -1, 0, 1):
        day = today + timedelta(days=days)
        end = minutes.first_at(day + nights, quiet_until)
        if minutes.first_at(day, quiet_from) <= at < end:
            return end
    return None


def slow_business_hours(start: datetime, length: timedelta, week: dict[str, list[str]], zone: ZoneInfo) -> datetime:
    minutes = Minutes(start, zone, before=3, after=17)
    spans = []
    for days in range(-2, 15):
        day = local(start, zone).date() + timedelta(days=days)
        if pair := week.get(day.strftime("%A").lower()):
            spans.append([minutes.first_at(day, time.fromisoformat(clock)) for clock in pair])
    moment, left = start, length
    while left:
        left -= MINUTE if any(opens <= moment < closes for opens, closes in spans) else timedelta()
        moment += MINUTE
    return moment


@settings(deadline=None, max_examples=150)
@given(zones_and_moments, clocks, clocks)
def test_quiet_hours_agree_with_minutes(zone_and_moment, quiet_from, quiet_until):
    zone, at = zone_and_moment
    found = hours.end_of_quiet(at=at, quiet_from=quiet_from, quiet_until=quiet_until, zone=zone)
    if quiet_from == quiet_until:
        assert found is None
    else:
        assert found == slow_end_of_quiet(at, quiet_from, quiet_until, zone)
    assert found is None or found > at


spans = st.tuples(clocks, clocks).filter(lambda pair: pair[0] < pair[1])


@settings(deadline=None, max_examples=100)
@given(zones_and_moments, st.integers(0, 16 * 60), st.dictionaries(st.sampled_from(hours.WEEKDAYS), spans, min_size=2))
def test_business_hours_agree_with_minutes(zone_and_moment, minutes, drawn):
    zone, start = zone_and_moment
    week = {day: [f"{opens:%H:%M}", f"{closes:%H:%M}"] for day, (opens, closes) in drawn.items()}
    a_week = sum(
        (datetime.combine(date.min, closes) - datetime.combine(date.min, opens) for opens, closes in drawn.values()),
        timedelta(),
    )
    length = min(minutes, a_week // MINUTE // 2) * MINUTE
    found = hours.after_business_hours(start=start, length=length, week=week, zone=zone)
    assert found == slow_business_hours(start, length, week, zone)


@pytest.mark.parametrize(
    ("at", "quiet", "end"),
    [
        ("2026-03-02T21:59:59+01:00", "22:00 07:00", None),
        ("2026-03-02T22:00:00+01:00", "22:00 07:00", "2026-03-03T07:00:00+01:00"),
        ("2026-03-03T06:59:59+01:00", "22:00 07:00", "2026-03-03T07:00:00+01:00"),
        ("2026-03-03T07:00:00+01:00", "22:00 07:00", None),
        ("2026-03-03T12:30:00+01:00", "12:00 14:00", "2026-03-03T14:00:00+01:00"),
        ("2026-03-03T11:30:00+01:00", "12:00 14:00", None),
        ("2026-03-03T00:00:00+01:00", "00:00 08:00", "2026-03-03T08:00:00+01:00"),
        ("2026-03-03T23:00:00+01:00", "20:00 00:00", "2026-03-04T00:00:00+01:00"),
        # 02:30 does not exist on this day: the first minute after.
        ("2026-03-29T01:30:00+01:00", "22:00 02:30", "2026-03-29T03:00:00+02:00"),
        # 02:30 comes twice on this day: the first.
        ("2026-10-25T02:10:00+02:00", "22:00 02:30", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:10:00+01:00", "22:00 02:30", None),
        ("2026-03-03T12:00:00+01:00", "08:00 08:00", None),
    ],
)
def test_the_end_of_the_quiet_time(at, quiet, end):
    quiet_from, quiet_until = (time.fromisoformat(clock) for clock in quiet.split())
    found = hours.end_of_quiet(
        at=datetime.fromisoformat(at), quiet_from=quiet_from, quiet_until=quiet_until, zone=BERLIN
    )
    assert found == (end and datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-03-06T16:00:00+01:00", 8, "2026-03-09T16:00:00+01:00"),  # a Friday
        ("2026-03-06T16:00:00+01:00", 1, "2026-03-06T17:00:00+01:00"),
        ("2026-03-07T10:00:00+01:00", 1, "2026-03-09T10:00:00+01:00"),
        ("2026-03-06T05:00:00+01:00", 0.5, "2026-03-06T09:30:00+01:00"),
        ("2026-03-07T10:00:00+01:00", 0, "2026-03-07T10:00:00+01:00"),
        ("2026-03-27T16:00:00+01:00", 2, "2026-03-30T10:00:00+02:00"),  # the clocks change between
        ("2026-03-02T09:00:00+01:00", 400, "2026-05-08T17:00:00+02:00"),
    ],
)
def test_hours_of_an_office(start, length, due):
    found = hours.after_business_hours(
        start=datetime.fromisoformat(start), length=timedelta(hours=length), week=office_hours(), zone=BERLIN
    )
    assert found == datetime.fromisoformat(due)


def test_never_open_counts_every_hour(now):
    found = hours.after_business_hours(start=now, length=timedelta(hours=48), week={}, zone=BERLIN)
    assert found == now + timedelta(hours=48)


@pytest.mark.parametrize("week", [{}, {"monday": ["09:00", "09:01"]}, office_hours()])
def test_a_time_that_nobody_lives_to_see_ends_at_the_horizon(now, week):
    found = hours.after_business_hours(start=now, length=timedelta(days=900_000), week=week, zone=BERLIN)
    assert found == now + hours.HORIZON


def test_a_day_starts_at_the_first_minute_that_it_has():
    havana = ZoneInfo("America/Havana")
    assert hours.day_start(date(2026, 3, 8), havana) == datetime(2026, 3, 8, 5, tzinfo=UTC)  # at 01:00
    assert hours.day_start(date(2026, 11, 1), havana) == datetime(2026, 11, 1, 4, tzinfo=UTC)  # of two
    assert hours.day_start(date(2026, 3, 2), BERLIN) == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_seconds_of_a_time_that_does_not_exist_go():
    found = hours.instant(datetime(2026, 3, 29, 2, 30, 15), BERLIN)
    assert found == datetime(2026, 3, 29, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "zone"),
    [(("Asia/Tokyo", "UTC"), "Asia/Tokyo"), (("Nowhere/Town", "Europe/Rome"), "Europe/Rome"), (("", "../x"), "UTC")],
)
def test_the_first_name_that_is_a_zone(names, zone):
    assert hours.first_zone(*names) == ZoneInfo(zone)
