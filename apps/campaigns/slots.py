"""When a campaign of trigger schedule or date comes round. Pure; times of the clock on the wall."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.campaigns import moments, timing
from apps.core.hours import instant

START = "start"  # the slot of a broadcast that goes out when its campaign starts
_FIRST_ZONE = timedelta(hours=14)  # ahead of UTC: where a day begins first
_LAST_ZONE = timedelta(hours=12)  # behind UTC: where it ends last


def of_schedule(settings: Mapping[str, Any]) -> Iterator[datetime]:
    """Wall clock times from the first on; one, or without end."""
    first, utc = datetime.fromisoformat(settings["at"]), ZoneInfo("UTC")
    return moments.walls(first, settings.get("every", "once"), instant(first, utc), utc)


def begins_at(slot: datetime, settings: Mapping[str, Any], company: ZoneInfo) -> datetime:
    """The first moment at which somebody's slot has come."""
    if settings.get("clock", "company") == "company":
        return instant(slot, company)
    return instant(slot, ZoneInfo("UTC")) - _FIRST_ZONE


def ends_at(slot: datetime, settings: Mapping[str, Any], company: ZoneInfo) -> datetime:
    """The last moment at which somebody's slot comes."""
    if settings.get("clock", "company") == "company":
        return instant(slot, company)
    return instant(slot, ZoneInfo("UTC")) + _LAST_ZONE


def between(settings: Mapping[str, Any], company: ZoneInfo, *, after: datetime, until: datetime) -> list[datetime]:
    """The slots that begin in (after, until]."""
    found = []
    for slot in of_schedule(settings) if "at" in settings else ():
        begins = begins_at(slot, settings, company)
        if begins > until:
            break
        if begins > after:
            found.append(slot)
    return found


def days_of_trait(settings: Mapping[str, Any], *, around: datetime) -> set[str]:
    """What the trait can begin or end with for its date, so many days off, to be on one of the days that are today
    somewhere: whole dates, or "-MM-DD" where it comes every year."""
    today = around.date()
    offset = timedelta(days=settings.get("offset_days", 0))
    days = [today + timedelta(days=n) - offset for n in (-1, 0, 1)]
    if not settings.get("yearly"):
        return {day.isoformat() for day in days}
    found = {f"-{day:%m-%d}" for day in days}
    return found | {"-02-29"} if any(_stands_in_for_leap_day(day) for day in days) else found


def _stands_in_for_leap_day(day: date) -> bool:
    return (day.month, day.day) == (2, 28) and not calendar.isleap(day.year)


def moment_of_date(value: Any, settings: Mapping[str, Any], *, around: datetime, zone: ZoneInfo) -> datetime | None:
    """When a customer's date comes, so many days off, at the local time; for one that comes every year the time
    nearest to `around`."""
    born = timing.day_in(value)
    if born is None:
        return None
    clock = timing.check_clock(settings.get("at", "09:00"), "at")
    offset = timedelta(days=settings.get("offset_days", 0))
    days = [born]
    if settings.get("yearly"):
        years = {(around - offset + timedelta(days=n)).year for n in (-2, 2)}
        days = [_in_year(born, year) for year in sorted(years) if year >= born.year]
    found = [instant(datetime.combine(day + offset, clock), zone) for day in days]
    return min(found, key=lambda moment: abs(moment - around), default=None)


def _in_year(born: date, year: int) -> date:
    is_leap_day = (born.month, born.day) == (2, 29)
    return date(year, 2, 28) if is_leap_day and not calendar.isleap(year) else born.replace(year=year)
