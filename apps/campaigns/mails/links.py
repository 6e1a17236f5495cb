"""Links in messages: counted when somebody follows them, and named after their campaign for the site they lead to."""

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from liquid import Markup, RenderContext, escape
from liquid.filter import with_context

from apps.campaigns import liquid
from apps.core import links

ADDRESSES = " addresses"  # with a space: no template can name it
_WEB = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_OTHER = re.compile(r"(?:mailto|tel|sms):[^\s<>]", re.IGNORECASE)
_OWN = ("/s/", "/u/", "/p/", "/c/", "/o/")  # surveys, unsubscribe, preferences and the like are never counted

type Names = tuple[tuple[str, str], ...]  # what links are named, such as utm_source


@dataclass(frozen=True)
class Addresses:
    """What becomes of the addresses in one message. `message_pk`: none for a preview, where nothing is counted."""

    message_pk: int | None
    is_tracked: bool = True
    campaign: Names = ()

    def of(self, url: str) -> str:
        """Empty for what is no address that a mail may lead to, such as `javascript:`."""
        url = url.strip()
        if not _WEB.match(url):
            return url if _OTHER.match(url) else ""
        if is_own(url):
            return url
        url = with_campaign(url, self.campaign)
        if not self.is_tracked or self.message_pk is None:
            return url
        return links.url("click", "c", [self.message_pk, url])

    def pixel(self) -> str:
        if not self.is_tracked or self.message_pk is None:
            return ""
        address = links.url("open", "o", self.message_pk) + ".gif"
        return f'<img src="{address}" width="1" height="1" alt="" style="display:block;border:0">'


def is_own(url: str) -> bool:
    rest = url.removeprefix(settings.PUBLIC_URL)
    return rest != url and rest.startswith(_OWN)


def is_address(url: str) -> bool:
    """Whether it is absolute, and a browser or a mail program can follow it."""
    try:
        host = urlsplit(url.strip()).hostname
    except ValueError:
        return False
    return bool(_OTHER.match(url.strip()) or (_WEB.match(url.strip()) and host))


@lru_cache(maxsize=5000)
def with_campaign(url: str, campaign: Names) -> str:
    """With each of the names that the address does not say itself."""
    if not campaign or not _WEB.match(url) or is_own(url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    said = {name.lower() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
    more = urlencode([(name, value) for name, value in campaign if name not in said])
    query = "&".join(part for part in (parts.query, more) if part)
    return urlunsplit(parts._replace(query=query))


@with_context
def _tracked(value: object, *, context: RenderContext) -> Markup:
    """An address in HTML, as it was written there."""
    addresses: Any = context.globals.get(ADDRESSES)
    found = addresses.of(html.unescape(str(value))) if addresses is not None else ""
    return Markup(escape(found or "#"))


def _picture(value: object) -> Markup:
    url = html.unescape(str(value)).strip()
    return Markup(escape(url if _WEB.match(url) else ""))


liquid.html.add_filter("tracked", _tracked)
liquid.html.add_filter("picture", _picture)
