from datetime import datetime

from django.db import transaction

from apps.core import actions as changes
from apps.core.enums import Origin
from apps.customers import folding, selectors
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
    origin: Origin = Origin.LIVE,
) -> Consent:
    """One more answer; the latest counts. A topic of None means everything on the channel. An opt-out without an
    address is kept for the customer's address too, because people share addresses. The pipeline looks again at whom
    it concerns."""
    if not address and customer is not None and choice is Choice.OUT:
        address = selectors.addresses_of(customer).get(channel, "")
    address = folding.address(channel=channel, value=address) if address else ""
    changes.record_changes(customer_ids=_concerned(customer, address), origin=origin)
    return Consent.objects.create(
        customer=customer,
        address=address,
        channel=channel,
        topic=topic,
        choice=choice,
        evidence=evidence[:500],
        by=by,
        at=at,
    )


def _concerned(customer: Customer | None, address: str) -> list[int]:
    """The customer, and who else has the address."""
    found = {customer.pk} if customer is not None else set()
    if address:
        sharing = Customer.objects.present().filter(identities__value=address)
        found |= set(sharing.values_list("pk", flat=True))
    return sorted(found)
