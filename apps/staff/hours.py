"""Business hours: open from and until, by weekday; a day that is left out is closed."""

from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WEEKDAYS = {
    "monday": gettext_lazy("Monday"),
    "tuesday": gettext_lazy("Tuesday"),
    "wednesday": gettext_lazy("Wednesday"),
    "thursday": gettext_lazy("Thursday"),
    "friday": gettext_lazy("Friday"),
    "saturday": gettext_lazy("Saturday"),
    "sunday": gettext_lazy("Sunday"),
}


def check_business_hours(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValidationError(_('Write the days, such as {"monday": ["09:00", "17:00"]}.'))
    for day, hours in value.items():
        if day not in WEEKDAYS:
            raise ValidationError(_("There is no weekday %(day)s.") % {"day": str(day)[:20]})
        opens, closes = _pair(hours)
        if closes <= opens:
            raise ValidationError(_("%(day)s: closing must be later than opening.") % {"day": WEEKDAYS[day]})


def _pair(hours: Any) -> tuple[time, time]:
    try:
        opens, closes = (time.fromisoformat(text) for text in hours)
    except (TypeError, ValueError) as error:
        raise ValidationError(_('Write two times for each open day, such as ["09:00", "17:00"].')) from error
    return opens, closes
