"""Messages on the clock: queued and delivered at a moment, and what became of them."""

from datetime import datetime

from apps.campaigns.actions import delivering, running
from apps.campaigns.models import Message
from apps.core.models import CompanySettings
from apps.customers.models import Customer
from tests.factories import enrolled


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


EVENING = at("2026-03-02T22:30:00+01:00")
NOON = at("2026-03-02T12:00:00+01:00")
ONE_STEP = {"message": {"channel": "email", "topic": "feedback", "subject": "How is it?", "body": "Tell us."}}


def quiet(company: CompanySettings, quiet_from: str, quiet_until: str) -> None:
    CompanySettings.objects.update(quiet_from=quiet_from, quiet_until=quiet_until)


def queue(of, customer: Customer, when: datetime, *, cause: str = "entry:1") -> Message:
    enrolled(of, customer, when, cause=cause)
    running.run_due(now=when)
    return Message.objects.latest("pk")


def deliver(when: datetime) -> None:
    while delivering.deliver_due(now=when, clock=lambda: when):
        pass


def found(message: Message) -> tuple[str, str, datetime]:
    message.refresh_from_db()
    return message.state, message.reason, message.due_at


def berlin() -> CompanySettings:
    """The company, by whose clock it is noon at NOON."""
    return CompanySettings.objects.create(pk=1, time_zone="Europe/Berlin", sender_email="shop@fernhill.example")
