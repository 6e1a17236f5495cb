"""One of everything, and the arguments with which each URL is walked."""

from datetime import datetime

from apps.core import links
from apps.feedback.actions import responses
from apps.feedback.models import Case, Invitation, Survey
from apps.staff.enums import Role
from apps.touchpoints.actions import log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, published_shop, sent_message, staff
from tests.pipeline import drain


def build(now: datetime) -> dict[str, dict]:
    """kwargs of each URL name that takes any."""
    journey = published_shop(now)
    message = sent_message(now)
    agent = staff(Role.AGENT)
    customer = CustomerFactory(name="Bo Lind")
    log.enter(customer=customer, event="Order Completed", by=By.CUSTOMER, channel=Channel.STORE, at=now, now=now,
              note="Bought boots", user=agent)  # fmt: skip
    drain(now)
    invitation = Invitation.objects.create(
        key="x", customer=customer, survey=Survey.objects.get(), channel="email", created_at=now
    )
    responses.answer(invitation=invitation, score=2, comment="Too slow", now=now)
    drain(now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    pk = {"pk": journey.pk}
    campaign = {"pk": message.enrolment.campaign_id}
    person = {"pk": customer.pk}
    case = {"pk": Case.objects.get().pk}
    return {
        "customer_detail": person, "interaction_log": person, "api_customer_timeline": person,
        "api_customer_journeys": person, "api_customer_messages": person, "api_customer_consents": person,
        "interaction_retract": {"pk": Interaction.objects.filter(event="Order Completed").get().pk},
        "journey_detail": pk, "api_journey_detail": pk, "api_journey_publish": pk, "api_journey_funnel": pk,
        "funnel": pk, "funnel_customers": {**pk, "step": 0},
        "campaign_detail": campaign, "campaign_change": campaign, "api_campaign_activate": campaign,
        "api_campaign_pause": campaign,
        "message_detail": {"pk": message.pk}, "message_replay": {"pk": message.pk},
        "case_detail": case, "case_reopen": case,
        "source_detail": {"pk": source.pk}, "source_renew_key": {"pk": source.pk},
        "survey": {"token": links.sign("survey", invitation.pk)},
        "unsubscribe": {"token": links.sign("unsubscribe", message.pk)},
        "collect": {"kind": "track"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "x"},
        "account_confirm_email": {"key": "x"},
    }  # fmt: skip
