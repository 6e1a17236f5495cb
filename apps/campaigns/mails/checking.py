"""What is looked at before a message is sent to thousands."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns import liquid
from apps.campaigns.enums import Way
from apps.campaigns.mails import sms
from apps.campaigns.mails.content import Content
from apps.campaigns.mails.links import is_address
from apps.campaigns.mails.values import NAMES, OF_CUSTOMER

MOST_BYTES = 102 * 1024  # beyond it, Gmail cuts the mail off and hides the unsubscribe link
LONG_SUBJECT = 70


@dataclass(frozen=True)
class Check:
    is_well: bool
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.without_alt = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a" and "href" in said:
            self.hrefs.append(said["href"] or "")
        if tag == "img" and "alt" not in said:
            self.without_alt += 1


@dataclass(frozen=True)
class Known:
    """The names that there are. Traits: of the customers who were here lately; none where they say nothing."""

    snippets: frozenset[str]
    traits: frozenset[str]


def checks(content: Content, settings: dict[str, Any], words: dict[str, Any], known: Known) -> list[Check]:
    way = Way(settings.get("channel", Way.EMAIL))
    found = [*_names(words, known)]
    if way is Way.SMS:
        return [*found, *_sms(content)]
    found += _subject(content)
    return [*found, *(_html(content) if way is Way.EMAIL else [])]


def _names(words: dict[str, Any], known: Known) -> Iterator[Check]:
    names = _all_names(words)
    nobody_has = sorted(name for name in names if _is_trait(name) and known.traits and _trait(name) not in known.traits)
    unknown = sorted(name for name in names if not _is_trait(name) and not _is_known(name, known))
    if nobody_has:
        yield Check(
            is_well=False, text=_("No customer seen lately has: %(names)s") % {"names": ", ".join(nobody_has[:5])}
        )
    if unknown:
        yield Check(is_well=False, text=_("Unknown: %(names)s") % {"names": ", ".join(unknown[:5])})
    elif not nobody_has:
        yield Check(is_well=True, text=_("All names in the text are known"))


def _all_names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_all_names(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_all_names(one) for one in value))
    return set(liquid.names(value)) if isinstance(value, str) else set()


def _is_trait(name: str) -> bool:
    return name.startswith("customer.") and name.removeprefix("customer.") not in OF_CUSTOMER


def _trait(name: str) -> str:
    return name.removeprefix("customer.").partition(".")[0].partition("[")[0]


def _is_known(name: str, known: Known) -> bool:
    root, _dot, rest = name.partition(".")
    return rest in known.snippets if root == "snippets" else root.partition("[")[0] in NAMES


def _sms(content: Content) -> Iterator[Check]:
    count = sms.parts(content.text)
    text = ngettext("Sent in %(n)s part", "Sent in %(n)s parts", count) % {"n": count}
    yield Check(is_well=count <= 2, text=text)
    if not sms.is_gsm(content.text):
        yield Check(is_well=False, text=_("Signs outside the GSM alphabet: only 70 characters fit into a part"))


def _subject(content: Content) -> Iterator[Check]:
    n = len(content.subject)
    if not n:
        yield Check(is_well=False, text=_("The subject is empty"))
        return
    said = ngettext("The subject has %(n)s character", "The subject has %(n)s characters", n) % {"n": n}
    yield Check(is_well=n <= LONG_SUBJECT, text=said if n <= LONG_SUBJECT else f"{said}; {_('phones show about 40')}")


def _html(content: Content) -> Iterator[Check]:
    reader = _Reader()
    reader.feed(content.html)
    broken = sorted({href for href in reader.hrefs if not is_address(href)})
    yield Check(
        is_well=not broken,
        text=_("Not a whole address: %(links)s") % {"links": ", ".join(broken[:3])}
        if broken
        else _("All links are whole"),
    )
    size = len(content.html.encode())
    yield Check(is_well=size <= MOST_BYTES, text=_("%(kb)s KB of 102 KB") % {"kb": -(-size // 1024)})
    yield Check(
        is_well=not reader.without_alt,
        text=_("Pictures without a description") if reader.without_alt else _("Every picture has a description"),
    )
    has_way_out = content.unsubscribe_url in reader.hrefs
    yield Check(is_well=has_way_out, text=_("Unsubscribe link is there") if has_way_out else _("No unsubscribe link"))
