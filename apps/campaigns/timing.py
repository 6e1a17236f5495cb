"""When a wait ends. Rules: domain.md, "Waiting and time"."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

_UNITS = {"minutes", "hours", "days"}
_LONGEST_DAYS = 3650


class TimingError(ValueError):
    pass


def check_wait(settings: Any) -> None:
    if not isinstance(settings, dict) or not settings or set(settings) - {*_UNITS, "until"}:
        raise TimingError('a wait is an object such as {"days": 3, "until": "10:00"}.')
    for unit in _UNITS & set(settings):
        value = settings[unit]
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LONGEST_DAYS * 1440:
            raise TimingError(f"{unit} must be a number from 0.")
    if "until" in settings:
        if set(settings) & {"minutes", "hours"} or not isinstance(settings.get("days", 0), int):
            raise TimingError("until goes with whole days only.")
        _clock(settings["until"])


def due_at(settings: dict[str, Any], *, arrival: datetime, zone: ZoneInfo) -> datetime:
    """With `until`: the arrival's local date plus the days, the first such time at or after the arrival's own clock
    time that day; else plain durations."""
    if "until" not in settings:
        return arrival + timedelta(**{unit: settings[unit] for unit in _UNITS & set(settings)})
    local = arrival.astimezone(zone)
    clock = _clock(settings["until"])
    day = local.date() + timedelta(days=settings.get("days", 0))
    if clock < local.time().replace(tzinfo=None):
        day += timedelta(days=1)
    return instant(datetime.combine(day, clock), zone)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a wall clock. One that does not exist is the first minute after; one that comes twice, the
    first."""
    first = wall.replace(tzinfo=zone, fold=0)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    minute = timedelta(minutes=1)
    while (moment - minute).astimezone(zone).replace(tzinfo=None) > wall:
        moment -= minute
    return moment


def _clock(text: Any) -> time:
    try:
        return time.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise TimingError('until must be a time such as "10:00".') from error


def zone_of(*, time_zone: str, country: str, company: str) -> ZoneInfo:
    """The customer's own, else their country's, else the company's."""
    for name in (time_zone, country_zones().get(country.upper(), ""), company):
        if name in _known_zones():
            return ZoneInfo(name)
    return ZoneInfo("UTC")


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def country_zones() -> dict[str, str]:
    """The first zone of each country in zone.tab, which lists the most populous first."""
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines():
        if not line.startswith("#"):
            country, _position, zone = line.split("\t")[:3]
            found.setdefault(country, zone)
    return found
