"""Which channel a message leaves by, as the settings say. Channels that keep connections are made once."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.channels import Channel
from apps.campaigns.channels.email import Smtp
from apps.campaigns.channels.esp import Esp
from apps.campaigns.channels.keep import Keep
from apps.campaigns.channels.sms import Twilio
from apps.campaigns.channels.web import WebNote
from apps.campaigns.channels.webhook import Webhook
from apps.campaigns.enums import Way
from apps.campaigns.models import Endpoint
from apps.core import mail_urls


class NoChannel(Exception):
    """There is no way out for this message; the text says what is missing."""


@cache
def email_channel(url: str) -> Channel:
    if not url:
        return Keep("EMAIL_URL")
    return Esp(url) if mail_urls.is_provider(url) else Smtp(url)


@cache
def sms_channel(url: str) -> Channel:
    return Twilio(url) if url else Keep("SMS_URL")


def webhook_channel(endpoint: Endpoint) -> Webhook:
    """Made anew each time: it keeps no connection, and the endpoint may have been changed."""
    name = f"endpoint:{endpoint.pk}"
    return Webhook(url=endpoint.url, shape=endpoint.shape, secrets=endpoint.secrets_at(timezone.now()), name=name)


def _by_name(name: str) -> Endpoint:
    try:
        return Endpoint.objects.get(name=name)
    except Endpoint.DoesNotExist:
        raise NoChannel(_("There is no endpoint “%s”: an admin makes it under Settings, Webhooks.") % name) from None


def _webhook(address: str, endpoint: Endpoint | None) -> Channel:
    found = endpoint or _by_name(address)
    if not found.is_active:
        raise NoChannel(_("The endpoint “%s” is switched off.") % found.name)
    return webhook_channel(found)


_WAYS: dict[str, Callable[[str, Endpoint | None], Channel]] = {
    Way.EMAIL.value: lambda _address, _endpoint: email_channel(settings.EMAIL_URL),
    Way.SMS.value: lambda _address, _endpoint: sms_channel(settings.SMS_URL),
    Way.WEB.value: lambda _address, _endpoint: WebNote(),
    Way.WEBHOOK.value: _webhook,
}


def channel_for(way: Way | str, *, address: str = "", endpoint: Endpoint | None = None) -> Channel:
    """`address`: of a webhook, the name of its endpoint, unless the endpoint itself is given. Raises NoChannel."""
    choose = _WAYS.get(str(way))
    if choose is None:
        raise NoChannel(_("Nothing is known yet to send “%s” by.") % way)
    return choose(address, endpoint)


def provider_name(way: Way | str) -> str:
    """Of the row that keeps its rate and circuit breaker; each endpoint has its own beside that of the way."""
    is_one = str(way) in _WAYS and str(way) != Way.WEBHOOK
    return channel_for(way).name if is_one else str(way)
