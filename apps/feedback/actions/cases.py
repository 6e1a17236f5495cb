from datetime import datetime, timedelta

from django.db import transaction

from apps.core.hours import after_business_hours, first_zone
from apps.core.models import CompanySettings
from apps.feedback.models import Case
from apps.staff.models import User
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event


class AlreadyClosed(ValueError):
    pass


def due_at(*, opened_at: datetime, hours: int) -> datetime:
    """By the company's business hours and clock; where it says none, every hour counts."""
    company = CompanySettings.current()
    return after_business_hours(
        start=opened_at,
        length=timedelta(hours=hours),
        week=company.business_hours,
        zone=first_zone(company.time_zone),
    )


@transaction.atomic
def close(*, case: Case, root_cause: str, action_taken: str, by: User | None, now: datetime) -> Case:
    """Closes with what caused it and what was done, and puts that on the timeline."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.closed_at is not None:
        raise AlreadyClosed("Somebody closed this case before you.")
    case.root_cause, case.action_taken = root_cause, action_taken
    case.closed_at, case.closed_by = now, by
    case.save(update_fields=["root_cause", "action_taken", "closed_at", "closed_by"])
    _tell(
        case,
        Event.CASE_CLOSED,
        now,
        {"root_cause": root_cause, "action_taken": action_taken, "user": str(by or "")},
    )
    return case


@transaction.atomic
def reopen(*, case: Case, now: datetime) -> Case:
    """Takes a closing back; cause and action stay as they were written."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.closed_at is not None:
        case.closed_at = case.closed_by = None
        case.save(update_fields=["closed_at", "closed_by"])
        _tell(case, Event.CASE_OPENED, now, {"title": case.title, "again": True})
    return case


def _tell(case: Case, event: Event, now: datetime, properties: dict[str, object]) -> None:
    log.record(
        customer_id=case.customer_id,
        event=event.value,
        by=By.COMPANY,
        channel=Channel.WEB,
        at=now,
        received_at=now,
        message_id=f"case:{case.pk}:{event.name.lower()}:{int(now.timestamp() * 1000)}",
        properties={"case": case.pk, "title": case.title, **properties},
    )
