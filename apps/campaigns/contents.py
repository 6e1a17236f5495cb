"""What a message says: subject, text and HTML, filled for its customer."""

from dataclasses import dataclass
from typing import Any

from django.utils.html import escape, urlize
from django.utils.translation import gettext as _

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind
from apps.campaigns.models import Message
from apps.core import links
from apps.core.models import CompanySettings
from apps.customers.models import Customer


@dataclass(frozen=True)
class Content:
    subject: str
    text: str
    html: str
    unsubscribe_url: str


def fill(message: Message, company: CompanySettings) -> Content:
    """Raises liquid.TemplateError where the customer has a gap for which the template has no default."""
    settings = message.step.settings
    unsubscribe_url = links.url("unsubscribe", "u", message.pk)
    values = {
        "customer": customer_values(message.customer),
        "company": {"name": company.name},
        "link": _link(message),
        "unsubscribe_link": unsubscribe_url,
    }
    kind = StepKind(message.step.kind)
    subject = liquid.fill(settings.get("subject") or _default_subject(kind, message), values)
    body = liquid.fill(settings.get("body") or _default_body(kind, message), values)
    text = f"{body.strip()}\n\n-- \n{_foot(company)}\n{_('Unsubscribe')}: {unsubscribe_url}\n"
    return Content(" ".join(subject.split())[:500], text, _html(body, company, unsubscribe_url), unsubscribe_url)


def customer_values(customer: Customer) -> dict[str, Any]:
    """Plain values only: traits first, so that they never hide the fields."""
    found = {key: value for key, value in customer.traits.items() if isinstance(value, str | int | float | bool)}
    fields = {
        "first_name": customer.first_name,
        "name": customer.name,
        "email": customer.email,
        "country": customer.country,
    }
    return {**found, **{key: value for key, value in fields.items() if value}}


def _link(message: Message) -> str:
    return links.url("survey", "s", message.invitation_id) if message.invitation_id else ""


def _default_subject(kind: StepKind, message: Message) -> str:
    if kind is StepKind.SURVEY:
        return _("One question about your experience")
    return _("Would you tell others what you think?")


def _default_body(kind: StepKind, message: Message) -> str:
    hello = _("Hello") + " {{ customer.first_name | default: '' }}"
    if kind is StepKind.SURVEY:
        survey = message.invitation.survey if message.invitation else None
        asked = survey.question if survey else ""
        # The question is data, not a template.
        asked = asked.replace("{{", "{ {").replace("{%", "{ %")
        return f"{hello},\n\n{asked}\n\n{_('It takes half a minute:')} {{{{ link }}}}"
    thanks = _("thank you for your order. Whatever you think of it, others would like to read it:")
    return f"{hello},\n\n{thanks} {{{{ link }}}}"


def _foot(company: CompanySettings) -> str:
    return "\n".join(part for part in (company.name, company.postal_address) if part)


def _html(body: str, company: CompanySettings, unsubscribe_url: str) -> str:
    """Paragraphs of the escaped text with its links; mail programs have no style sheet of ours."""
    paragraphs = [
        f'<p style="margin:0 0 16px">{urlize(part, autoescape=True).replace(chr(10), "<br>")}</p>'
        for part in body.strip().split("\n\n")
    ]
    foot = escape(_foot(company)).replace("\n", "<br>")
    return (
        '<!doctype html><html><body style="margin:0;padding:24px;background:#F6F7F9">'
        '<div style="max-width:560px;margin:0 auto;padding:32px;background:#FFFFFF;color:#171C26;'
        'font:16px/1.5 Inter,Helvetica,Arial,sans-serif;border-radius:10px">'
        + "".join(paragraphs)
        + f'<p style="margin:32px 0 0;font-size:13px;color:#626C80">{foot}<br>'
        f'<a href="{escape(unsubscribe_url)}" style="color:#4A3FD1">{escape(_("Unsubscribe"))}</a></p>'
        "</div></body></html>"
    )
