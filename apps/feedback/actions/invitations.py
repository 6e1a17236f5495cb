from datetime import datetime

from django.db import transaction

from apps.feedback.models import Invitation, ReviewSite
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel, Event


@transaction.atomic
def follow_review_link(*, invitation: Invitation, site: ReviewSite, now: datetime) -> None:
    """The customer chose a review site; on the timeline once a site."""
    log.record(
        customer_id=invitation.customer_id,
        event=Event.REVIEW_LINK_OPENED.value,
        by=By.CUSTOMER,
        channel=Channel(invitation.channel),
        at=now,
        received_at=now,
        message_id=f"invitation:{invitation.pk}:site:{site.pk}",
        properties={"site": site.name, "url": site.url},
    )
