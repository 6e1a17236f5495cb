"""When a wait ends. Rules: domain.md, "Waiting and time"."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.hours import WEEKDAYS, first_zone, instant

_UNITS = {"minutes", "hours", "days"}
_LONGEST_DAYS = 3650


class TimingError(ValueError):
    pass


def check_wait(settings: Any) -> None:
    """A duration, until a local time (and weekday), until a date of the customer, or at most so long (`at_most`)."""
    if not isinstance(settings, dict) or not settings:
        raise TimingError('a wait is an object such as {"days": 3, "until": "10:00"}.')
    if "date" in settings:
        _check_date(settings)
    elif "at_most" in settings:
        if set(settings) != {"at_most"}:
            raise TimingError("at_most goes with for only.")
        _check_duration(settings["at_most"])
    else:
        _check_duration(settings)


def _check_duration(settings: Any) -> None:
    if not isinstance(settings, dict) or not settings or set(settings) - {*_UNITS, "until", "weekdays"}:
        raise TimingError('a wait is an object such as {"days": 3, "until": "10:00"}.')
    for unit in _UNITS & set(settings):
        value = settings[unit]
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LONGEST_DAYS * 1440:
            raise TimingError(f"{unit} must be a number from 0.")
    if "until" in settings:
        if set(settings) & {"minutes", "hours"} or not isinstance(settings.get("days", 0), int):
            raise TimingError("until goes with whole days only.")
        check_clock(settings["until"], "until")
    if "weekdays" in settings:
        _check_weekdays(settings)


def _check_weekdays(settings: dict[str, Any]) -> None:
    days = settings["weekdays"]
    if "until" not in settings:
        raise TimingError("weekdays go with until.")
    if not isinstance(days, list) or not days or set(map(str, days)) - set(WEEKDAYS):
        raise TimingError(f"weekdays is a list of: {', '.join(WEEKDAYS)}.")


def _check_date(settings: dict[str, Any]) -> None:
    date_of = settings["date"]
    if set(settings) != {"date"} or not isinstance(date_of, dict) or set(date_of) - {"trait", "offset_days", "at"}:
        raise TimingError('a wait for a date is such as {"date": {"trait": "renewal", "offset_days": -7}}.')
    trait, offset = date_of.get("trait"), date_of.get("offset_days", 0)
    if not isinstance(trait, str) or not trait or "\x00" in trait:
        raise TimingError("date needs the name of a trait.")
    if not isinstance(offset, int) or isinstance(offset, bool) or abs(offset) > _LONGEST_DAYS:
        raise TimingError("offset_days must be a whole number.")
    check_clock(date_of.get("at", "09:00"), "at")


def due_at(
    settings: dict[str, Any], *, arrival: datetime, zone: ZoneInfo, traits: Mapping[str, Any] | None = None
) -> datetime:
    """When the wait ends; the arrival itself where it is over at once, such as for a date that is past or not known."""
    if "date" in settings:
        moment = date_of_customer(settings["date"], traits=traits or {}, zone=zone)
        return max(arrival, moment) if moment else arrival
    duration = settings.get("at_most", settings)
    if "until" not in duration:
        return arrival + timedelta(**{unit: duration[unit] for unit in _UNITS & set(duration)})
    return _until(duration, arrival, zone)


def _until(settings: dict[str, Any], arrival: datetime, zone: ZoneInfo) -> datetime:
    """The arrival's local date plus the days, the first such time at or after the arrival's own clock time that day,
    on one of the weekdays."""
    local = arrival.astimezone(zone)
    clock = check_clock(settings["until"], "until")
    day = local.date() + timedelta(days=settings.get("days", 0))
    if clock < local.time().replace(tzinfo=None):
        day += timedelta(days=1)
    while WEEKDAYS[day.weekday()] not in settings.get("weekdays", WEEKDAYS):
        day += timedelta(days=1)
    return max(arrival, instant(datetime.combine(day, clock), zone))


def date_of_customer(settings: dict[str, Any], *, traits: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    """The date in a trait, so many days off, at the local time; None where there is none."""
    day = day_in(traits.get(settings["trait"]))
    if day is None:
        return None
    try:
        day += timedelta(days=settings.get("offset_days", 0))
    except OverflowError:
        return None
    return instant(datetime.combine(day, check_clock(settings.get("at", "09:00"), "at")), zone)


def day_in(value: Any) -> date | None:
    """A trait as a date: "2026-12-24", with or without a time behind it."""
    if not isinstance(value, str):
        return None
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        return None
    return found if 1 < found.year < 9998 else None


def check_clock(text: Any, where: str) -> time:
    """A time of day, to the minute or second."""
    try:
        found = time.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise TimingError(f'{where} must be a time such as "10:00".') from error
    if found.tzinfo is not None:
        raise TimingError(f'{where} must be a local time such as "10:00", without a zone.')
    return found


def zone_of(*, time_zone: str, country: str, company: str) -> ZoneInfo:
    """The customer's own, else their country's, else the company's."""
    return first_zone(time_zone, country_zones().get(country.upper(), ""), company)


@cache
def country_zones() -> dict[str, str]:
    """The first zone of each country in zone.tab, which lists the most populous first."""
    found: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines():
        if not line.startswith("#"):
            country, _position, zone = line.split("\t")[:3]
            found.setdefault(country, zone)
    return found
