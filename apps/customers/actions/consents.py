from datetime import datetime

from django.db import transaction

from apps.customers import folding
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer, Topic
from apps.staff.models import User


@transaction.atomic
def record(
    *,
    customer: Customer | None,
    channel: str,
    topic: Topic | None,
    choice: Choice,
    at: datetime,
    address: str = "",
    evidence: str = "",
    by: User | None = None,
) -> Consent:
    """One more answer; the latest counts. A topic of None means everything on the channel. An opt-out without an
    address is kept for the customer's address too, because people share addresses."""
    if not address and customer is not None and choice is Choice.OUT:
        address = {"email": customer.email, "sms": customer.phone}.get(channel, "")
    return Consent.objects.create(
        customer=customer,
        address=folding.address(channel=channel, value=address) if address else "",
        channel=channel,
        topic=topic,
        choice=choice,
        evidence=evidence[:500],
        by=by,
        at=at,
    )
