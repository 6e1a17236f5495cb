"""When triggers of the clock come: a date of the customer, a schedule. Pure."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.campaigns import timing
from apps.core.hours import instant


def of_schedule(settings: Mapping[str, Any], *, zone: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """The moments of the schedule on this clock, both ends included. A month that is too short has its last day."""
    if "at" not in settings:
        return []
    found = []
    for wall in walls(datetime.fromisoformat(settings["at"]), settings.get("every", "once"), since, zone):
        moment = instant(wall, zone)
        if moment > until:
            break
        if moment >= since:
            found.append(moment)
    return found


def walls(first: datetime, every: str, since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """From shortly before `since` on, so that a schedule that began years ago is walked over at no cost."""
    if every == "once":
        yield first
        return
    passed = max(0, (since.astimezone(zone).replace(tzinfo=None) - first).days)
    if every in {"day", "week"}:
        step = timedelta(days=1 if every == "day" else 7)
        wall = first + step * max(0, passed // step.days - 1)
        while wall.year < 9998:
            yield wall
            wall += step
        return
    month = first.year * 12 + first.month - 1 + max(0, passed // 31 - 1)
    while month // 12 < 9998:
        year, number = divmod(month, 12)
        yield first.replace(year=year, month=number + 1, day=min(first.day, _days(year, number + 1)))
        month += 1


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def of_date(
    settings: Mapping[str, Any], *, traits: Mapping[str, Any], zone: ZoneInfo, since: datetime, until: datetime
) -> list[datetime]:
    """The date of the customer, so many days off; every year where the trigger says so."""
    day = timing.day_in(traits.get(settings["trait"]))
    if day is None:
        return []
    years = range(since.year - 2, until.year + 3) if settings.get("yearly") else [day.year]
    found = []
    for year in years:
        that = day.replace(year=year, day=min(day.day, _days(year, day.month))).isoformat()
        moment = timing.date_of_customer(dict(settings), traits={settings["trait"]: that}, zone=zone)
        if moment is not None and since <= moment <= until:
            found.append(moment)
    return found
