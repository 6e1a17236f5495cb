from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.models import CompanySettings
from apps.staff.currencies import check_currency
from apps.staff.hours import check_business_hours
from apps.staff.models import check_time_zone

_CHECKS = {"time_zone": check_time_zone, "currency": check_currency, "business_hours": check_business_hours}
FIELDS = [
    "name",
    "postal_address",
    "time_zone",
    "currency",
    "sender_name",
    "sender_email",
    "quiet_from",
    "quiet_until",
    "most_messages_a_day",
    "most_messages_a_week",
    "sms_quiet_from",
    "sms_quiet_until",
    "asks_every_days",
    "holds_for_cases",
    "business_hours",
    "keep_interactions_days",
    "former_after_days",
]


@transaction.atomic
def change(*, values: dict[str, Any]) -> CompanySettings:
    """What is given takes the place of what was; the rest stays. Raises ValidationError, by field."""
    CompanySettings.objects.get_or_create(pk=1)
    row = CompanySettings.objects.select_for_update(no_key=True).get(pk=1)
    changed = [name for name in FIELDS if name in values and getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    check(row)
    if changed:
        row.save(update_fields=changed)
    return row


def check(row: CompanySettings) -> None:
    wrong: dict[str, list[str]] = {}
    for name, look in _CHECKS.items():
        try:
            look(getattr(row, name))
        except ValidationError as error:
            wrong[name] = error.messages
    wrong |= _wrong_quiet(row) | _wrong_limits(row)
    if wrong:
        raise ValidationError(wrong)
    row.full_clean()


def _wrong_quiet(row: CompanySettings) -> dict[str, list[str]]:
    wrong = {}
    for start, end in (("quiet_from", "quiet_until"), ("sms_quiet_from", "sms_quiet_until")):
        first, last = getattr(row, start), getattr(row, end)
        if (first is None) != (last is None):
            wrong[end] = [_("Say both times, or leave both empty.")]
        elif first is not None and first == last:
            wrong[end] = [_("Say two different times.")]
    return wrong


def _wrong_limits(row: CompanySettings) -> dict[str, list[str]]:
    for name in ("most_messages_a_day", "most_messages_a_week", "asks_every_days"):
        if getattr(row, name) == 0:
            return {name: [_("Say at least 1, or leave it empty for no limit.")]}
    day, week = row.most_messages_a_day, row.most_messages_a_week
    if day is not None and week is not None and week < day:
        return {"most_messages_a_week": [_("A week cannot allow less than a day.")]}
    return {}
