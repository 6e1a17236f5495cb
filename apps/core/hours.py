"""Times of the clock on the wall: quiet hours of a customer, business hours of the company. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HORIZON = timedelta(days=3650)  # nobody plans further, and a walk over days must end
_DAY = timedelta(days=1)


def first_zone(*names: str) -> ZoneInfo:
    """The first that is the name of a zone; UTC when none is."""
    return ZoneInfo(next((name for name in names if name in _known_zones()), "UTC"))


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a wall clock. One that does not exist is the first minute after; one that comes twice, the
    first."""
    first = wall.replace(tzinfo=zone, fold=0)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    minute = timedelta(minutes=1)
    moment = moment.replace(second=0, microsecond=0)
    while (moment - minute).astimezone(zone).replace(tzinfo=None) > wall:
        moment -= minute
    return moment


def day_start(day: date, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(day, time.min), zone)


def end_of_quiet(*, at: datetime, quiet_from: time, quiet_until: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet time ends that this moment falls in; None outside. It may go over midnight. Equal times are no
    quiet time: one that never ends would hold everything for ever."""
    if quiet_from == quiet_until:
        return None
    nights = _DAY if quiet_until < quiet_from else timedelta()
    today = at.astimezone(zone).date()
    for day in (today - _DAY, today, today + _DAY):  # where midnight comes twice, tomorrow has begun once
        end = instant(datetime.combine(day + nights, quiet_until), zone)
        if instant(datetime.combine(day, quiet_from), zone) <= at < end:
            return end
    return None


def after_business_hours(
    *, start: datetime, length: timedelta, week: Mapping[str, Sequence[str]], zone: ZoneInfo
) -> datetime:
    """The first moment by which that much time was open since `start`. `week` is CompanySettings.business_hours; where
    it opens on no day, every hour counts."""
    start, left = start.astimezone(UTC), min(length, HORIZON)
    if not left or not week:
        return start + left
    day = start.astimezone(zone).date()
    last = day + HORIZON
    while day < last:
        opens, closes = _open_on(day, week, zone) or (start, start)
        opens = max(opens, start)
        if left <= closes - opens:
            return opens + left
        left -= max(closes - opens, timedelta())
        day += _DAY
    return start + HORIZON


def _open_on(day: date, week: Mapping[str, Sequence[str]], zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    hours = week.get(WEEKDAYS[day.weekday()])
    if hours is None:
        return None
    opens, closes = (time.fromisoformat(text).replace(tzinfo=None) for text in hours)
    return instant(datetime.combine(day, opens), zone), instant(datetime.combine(day, closes), zone)
