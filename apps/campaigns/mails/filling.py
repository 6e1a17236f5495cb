"""A message as its recipient gets it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind
from apps.campaigns.mails import branding, choosing, defaults, preparing, values
from apps.campaigns.mails.choosing import Variant
from apps.campaigns.mails.content import MOST_SUBJECT, Content
from apps.campaigns.mails.links import ADDRESSES, Addresses
from apps.campaigns.mails.preparing import Frame
from apps.campaigns.mails.values import About
from apps.campaigns.models import Message
from apps.core import links
from apps.core.models import CompanySettings
from apps.customers.enums import IdentityKind
from apps.customers.models import Customer, Identity
from apps.feedback.models import Survey

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_BREAKING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True)
class Links:
    """The signed addresses of one message."""

    ask: str
    unsubscribe: str
    preferences: str


@dataclass(frozen=True)
class Letter:
    """All that a message is written from. `message_pk`: none for a preview."""

    kind: StepKind
    settings: Mapping[str, Any]
    about: About
    links: Links
    survey: Survey | None = None
    message_pk: int | None = None


def of_message(message: Message) -> Letter:
    enrolment = message.enrolment
    return Letter(
        kind=StepKind(message.step.kind),
        settings=message.step.settings,
        about=About(message.customer, enrolment.campaign, enrolment.interaction_id),
        links=Links(
            ask=links.url("survey", "s", message.invitation_id) if message.invitation_id else "",
            unsubscribe=links.url("unsubscribe", "u", message.pk),
            preferences=links.url("preferences", "p", message.pk),
        ),
        survey=message.invitation.survey if message.invitation_id and message.invitation else None,
        message_pk=message.pk,
    )


def fill(letter: Letter, company: CompanySettings, variant: Variant | None = None) -> Content:
    """`variant`: another than the customer would get. Raises liquid.TemplateError where the customer has a gap for
    which the template has no default."""
    frame = preparing.frame(
        kind=letter.kind,
        settings=letter.settings,
        variant=choosing.choose(letter.settings, letter.about.customer) if variant is None else variant,
        around=branding.around(company, letter.about.campaign),
        question=defaults.question_of(letter.survey),
    )
    found = values.read(frame.names, letter.about, company)
    found |= {"unsubscribe_link": letter.links.unsubscribe, "preferences_link": letter.links.preferences}
    if letter.links.ask:
        found["link"] = letter.links.ask
    addresses = Addresses(letter.message_pk, frame.is_tracked, frame.campaign)
    return Content(
        subject=line(liquid.filled(frame.subject, found)),
        text=_BREAKING.sub("", liquid.filled(frame.text, found)),
        html=_html(frame, found, addresses),
        unsubscribe_url=letter.links.unsubscribe,
        variant=frame.variant[:100],
        payload=_payload(frame, found),
    )


def line(text: str) -> str:
    """As a header may have it: whoever filled it, it is one line."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:MOST_SUBJECT]


def _html(frame: Frame, found: dict[str, Any], addresses: Addresses) -> str:
    if frame.html is None:
        return ""
    filled = _BREAKING.sub("", liquid.filled(frame.html, {**found, ADDRESSES: addresses}))
    before, end, after = frame.tail.rpartition("</body>")
    return f"{frame.head}{filled}{before}{addresses.pixel() if end else ''}{end}{after}"


def _payload(frame: Frame, found: dict[str, Any]) -> dict[str, Any]:
    """What a note on the web site has beside its words. The script tells of a click, so the link leads straight
    there."""
    if frame.button is None:
        return {}
    label, url = (liquid.filled(part, found) for part in frame.button)
    address = Addresses(None, campaign=frame.campaign).of(url)
    return {"button": {"label": line(label), "url": address}} if address else {}


def of_webhook(message: Message, company: CompanySettings) -> Content:
    """What another system is told: who, at which step, and what had happened."""
    enrolment, customer = message.enrolment, message.customer
    source = message.step.settings.get("text", "")
    about = About(customer, enrolment.campaign, enrolment.interaction_id)
    text = ""
    if source:
        names = {name.partition(".")[0].partition("[")[0] for name in liquid.names(source)}
        text = liquid.fill(source, values.read(names, about, company))
    told = {
        "campaign": {"id": enrolment.campaign_id, "name": enrolment.campaign.name},
        "step": str(message.step.key),
        "customer": _told(customer),
        "cause": values.cause(enrolment.interaction_id)
        or {"event": None, "at": enrolment.cause_at.isoformat(), "properties": {}},
        "text": text,
    }
    return Content(
        subject=line(text.partition("\n")[0]) or _("Webhook"),
        text=text,
        html="",
        unsubscribe_url="",
        payload={"type": "campaign.step", "data": told},
    )


def _told(customer: Customer) -> dict[str, Any]:
    external = Identity.objects.filter(customer=customer, kind=IdentityKind.EXTERNAL).order_by("space", "value")
    return {
        "id": customer.pk,
        "external_ids": [{"space": space, "value": value} for space, value in external.values_list("space", "value")],
        "email": customer.email,
        "name": customer.name,
        "traits": customer.traits,
    }
