"""A message before it is one: as a customer would get it, or as somebody whom nearly nothing is known of."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings

from apps.campaigns.enums import StepKind
from apps.campaigns.mails.filling import Letter, Links
from apps.campaigns.mails.values import About, is_nobody
from apps.campaigns.models import Campaign, Enrolment
from apps.customers import selectors as customers
from apps.customers.models import Customer
from apps.feedback.models import Survey
from apps.touchpoints.models import Interaction

DARK = "(prefers-color-scheme: dark)"


def somebody(text: str) -> Customer | None:
    """The one who goes by it, else the first whom a search finds, else the one who was here last."""
    text = text.strip()
    if not text:
        latest = Customer.objects.present().known().order_by("-last_activity_at", "-pk")
        return latest.select_related("persona").first()
    found = customers.with_identity(value=text).order_by("pk").first() or next(iter(customers.search(text=text)), None)
    return Customer.objects.select_related("persona").get(pk=found.pk) if found else None


def with_gaps() -> Customer:
    """Somebody of whom only the address is known."""
    return Customer(email="somebody@example.com")


def letter(*, kind: StepKind, settings: Mapping[str, Any], campaign: Campaign, customer: Customer) -> Letter:
    base = f"{django_settings.PUBLIC_URL}"
    name = settings.get("survey")
    return Letter(
        kind=kind,
        settings=settings,
        about=About(customer, campaign, _cause(campaign, customer)),
        links=Links(f"{base}/s/preview" if kind.asks else "", f"{base}/u/preview", f"{base}/p/preview"),
        survey=Survey.objects.filter(name=name).first() if isinstance(name, str) else None,
    )


def _cause(campaign: Campaign, customer: Customer) -> int | None:
    """What caused the customer's latest run, else what could cause one."""
    if is_nobody(customer):
        return None
    runs = Enrolment.objects.filter(campaign=campaign, customer=customer, interaction_id__isnull=False)
    found = runs.order_by("-pk").values_list("interaction_id", flat=True).first()
    event = campaign.trigger_settings.get("event")
    if found or not isinstance(event, str):
        return found
    same = Interaction.objects.for_customer(customer).filter(event=event)
    return same.order_by("-occurred_at", "-pk").values_list("pk", flat=True).first()


def in_scheme(html: str, scheme: str) -> str:
    """As the mail looks in a dark or a light program, whatever this browser prefers."""
    return html.replace(DARK, "all" if scheme == "dark" else "not all")
