"""What the newest interactions say about the catalogue: what happened at no touchpoint, and what a rule would match.
Bounded scans by primary key."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode

from apps.customers.models import Customer
from apps.touchpoints import selectors
from apps.touchpoints.enums import Channel, Ownership
from apps.touchpoints.matching import Catalogue, Place, Rules, Traffic, host_of, read_place
from apps.touchpoints.models import Interaction, InteractionQuerySet, Touchpoint

LOOKED_AT = 20_000
PREVIEWED = 10_000
EXAMPLES = 5
GROUPS = 12
_CHANNEL_OF_MEDIUM = {
    "email": Channel.EMAIL,
    "e-mail": Channel.EMAIL,
    "newsletter": Channel.EMAIL,
    "sms": Channel.SMS,
    "social": Channel.SOCIAL,
    "organic": Channel.SEARCH,
    "cpc": Channel.AD,
    "ppc": Channel.AD,
    "paid": Channel.AD,
    "display": Channel.AD,
    "banner": Channel.AD,
    "paid_social": Channel.AD,
    "print": Channel.PRINT,
    "qr": Channel.PRINT,
}
_CHANNEL_OF_SITE = {
    **dict.fromkeys(("google", "bing", "duckduckgo", "ecosia", "yahoo", "baidu", "yandex"), Channel.SEARCH),
    **dict.fromkeys(
        ("facebook", "instagram", "linkedin", "t", "x", "twitter", "tiktok", "youtube", "pinterest", "reddit"),
        Channel.SOCIAL,
    ),
    **dict.fromkeys(("trustpilot", "yelp", "tripadvisor", "g2", "capterra"), Channel.REVIEW_SITE),
}
# Parts of a path that may say who somebody is, or differ at every call.
_VARIES = re.compile(r"@|\d{4}|^.{41}")


@dataclass
class Group:
    """Interactions of one kind at no touchpoint; `url` opens the form with the rule that would match them."""

    label: str
    rule: dict[str, str]
    name: str
    channel: str
    ownership: str
    count: int
    last_at: datetime
    example: str
    customer_id: int
    customer: Customer | None = None

    @property
    def query(self) -> str:
        return urlencode({"name": self.name, "channel": self.channel, "ownership": self.ownership, **self.rule})


@dataclass
class Unmatched:
    looked_at: int
    count: int
    events: list[Group] = field(default_factory=list)
    pages: list[Group] = field(default_factory=list)
    campaigns: list[Group] = field(default_factory=list)
    referrers: list[Group] = field(default_factory=list)

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.looked_at) if self.looked_at else 0


@dataclass(frozen=True)
class Seen:
    pk: int
    customer_id: int
    at: datetime
    traffic: Traffic
    place: Place


@dataclass(frozen=True)
class Preview:
    """`count` of `looked_at` would be at the touchpoint; `elsewhere` fit too, and belong to one that says more."""

    looked_at: int
    count: int
    elsewhere: int
    examples: list[Seen]


def share_unmatched() -> Unmatched:
    """Only how many."""
    found = _newest_by_customers()
    return Unmatched(looked_at=found.count(), count=found.filter(touchpoint=None).count())


def unmatched() -> Unmatched:
    """What customers did at no touchpoint, by event, page, campaign and referrer, the most frequent first."""
    found = share_unmatched()
    rows = list(_read(_newest_by_customers().filter(touchpoint=None).order_by("-pk")))
    taken = set(Touchpoint.objects.values_list("name", flat=True))
    found.events = _groups(rows, lambda seen: {"event": seen.traffic.event}, taken)
    found.pages = _groups(rows, _page_rule, taken)
    found.campaigns = _groups(rows, _campaign_rule, taken)
    found.referrers = _groups(rows, _referrer_rule, taken)
    _name_customers([*found.events, *found.pages, *found.campaigns, *found.referrers])
    return found


def _name_customers(groups: list[Group]) -> None:
    customers = Customer.objects.in_bulk({group.customer_id for group in groups})
    for group in groups:
        group.customer = customers.get(group.customer_id)


def preview(rules: Rules, *, touchpoint_id: int | None) -> Preview:
    """What the rules would match beside those of all other touchpoints. A new touchpoint gives way to older ones."""
    others = Touchpoint.objects.exclude(pk=touchpoint_id or 0).exclude(rules=[]).order_by("pk")
    pk = touchpoint_id or 2**62
    catalogue = Catalogue([*others.values_list("pk", "channel", "rules"), (pk, "", rules)])
    looked_at = count = elsewhere = 0
    examples: list[Seen] = []
    for seen in _read(_newest(PREVIEWED)):
        looked_at += 1
        ids = [entry.touchpoint_id for entry in catalogue.fitting(seen.traffic)]
        if ids and ids[0] == pk:
            count += 1
            examples += [seen] if len(examples) < EXAMPLES else []
        else:
            elsewhere += pk in ids
    return Preview(looked_at, count, elsewhere, examples)


def _newest_by_customers() -> InteractionQuerySet:
    return Interaction.objects.by_customers().filter(pk__in=_newest(LOOKED_AT).values("pk"))


def _newest(size: int) -> InteractionQuerySet:
    return Interaction.objects.order_by("-pk")[:size]


def _read(rows: InteractionQuerySet) -> Iterator[Seen]:
    for pk, customer_id, at, *values in rows.values_list("pk", "customer_id", "occurred_at", *selectors.TRAFFIC):
        traffic = selectors.traffic(values)
        yield Seen(pk, customer_id, at, traffic, read_place(traffic.properties, traffic.context))


def _groups(rows: list[Seen], rule_of: Callable[[Seen], dict[str, str]], taken: set[str]) -> list[Group]:
    groups: dict[tuple[tuple[str, str], ...], list[Seen]] = defaultdict(list)
    for seen in rows:
        rule = rule_of(seen)
        if rule:
            groups[tuple(rule.items())].append(seen)
    largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[:GROUPS]
    return [_group(dict(rule), found, taken) for rule, found in largest]


def _group(rule: dict[str, str], found: list[Seen], taken: set[str]) -> Group:
    latest = max(found, key=lambda seen: (seen.at, seen.pk))
    channel, ownership = _guess(rule, found)
    return Group(
        label=" · ".join(rule.values()),
        rule=rule,
        name=_free(_name(rule), taken),
        channel=channel,
        ownership=ownership,
        count=len(found),
        last_at=latest.at,
        example=latest.place.path if "event" in rule else latest.traffic.event,
        customer_id=latest.customer_id,
    )


def _page_rule(seen: Seen) -> dict[str, str]:
    """The first two parts of the path; what comes below them belongs to it."""
    parts = [part for part in seen.place.path.split("/") if part]
    if not seen.place.path:
        return {}
    kept = ["*" if _VARIES.search(part) else quote(part, safe="") for part in parts[:2]]
    if kept and kept[-1] == "*":
        return {"url": "/" + "/".join(kept)}
    return {"url": "/" + "/".join(kept) + ("*" if len(parts) > 2 else "")}


def _campaign_rule(seen: Seen) -> dict[str, str]:
    found = {"utm_source": seen.place.utm_source, "utm_medium": seen.place.utm_medium}
    return {name: value for name, value in found.items() if value and "*" not in value}


def _referrer_rule(seen: Seen) -> dict[str, str]:
    """Where the referrer is another site than the page's own."""
    host = seen.place.referrer.removeprefix("www.")
    return {"referrer": host} if "." in host and host != _host_of_page(seen).removeprefix("www.") else {}


def _host_of_page(seen: Seen) -> str:
    page = seen.traffic.context["page"]
    url = page.get("url") if isinstance(page, dict) else seen.traffic.properties["url"]
    return host_of(url) if isinstance(url, str) else ""


def _guess(rule: dict[str, str], found: list[Seen]) -> tuple[str, str]:
    """The channel and whose it is, as far as the rule tells; otherwise the channel that most came on."""
    medium, site = rule.get("utm_medium", ""), rule.get("referrer", "").split(".")
    channel = _CHANNEL_OF_MEDIUM.get(medium) or next((_CHANNEL_OF_SITE[s] for s in site if s in _CHANNEL_OF_SITE), None)
    if channel is Channel.AD:
        return channel, Ownership.PAID
    if "referrer" in rule or channel in {Channel.SEARCH, Channel.SOCIAL}:
        return channel or _most_common(found), Ownership.EARNED
    return channel or _most_common(found), Ownership.OWNED


def _most_common(found: list[Seen]) -> str:
    return Counter(seen.traffic.channel for seen in found).most_common(1)[0][0]


def _name(rule: dict[str, str]) -> str:
    if "event" in rule:
        return rule["event"][:90]
    if "url" in rule:
        words = re.sub(r"[^\w]+", " ", rule["url"]).strip()
        return (words[:1].upper() + words[1:])[:90] or "Home page"
    return " ".join(rule.values())[:90].capitalize()


def _free(name: str, taken: set[str]) -> str:
    """A name that no touchpoint has."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} {number}"
    return free
