"""What Liquid in a message may say. Each value is read only if the message mentions it, by queries that are bounded
however much a customer did."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.formats import number_format

from apps.campaigns.models import Campaign
from apps.core.models import CompanySettings
from apps.customers.models import Customer
from apps.journeys.models import StageEntry
from apps.touchpoints.models import Interaction

VIEWED, ADDED, REMOVED, ORDERED, CLEARED = (
    "Product Viewed", "Product Added", "Product Removed", "Order Completed", "Cart Cleared",
)  # fmt: skip
NAMES = {
    "customer", "company", "event", "stage", "persona", "last_viewed", "viewed", "cart", "also_bought", "link",
    "unsubscribe_link", "preferences_link",
}  # fmt: skip
_LATEST = 500  # interactions of one customer
_NEWEST = 30_000  # interactions of everybody, of which the orders are looked at
_MOST_ITEMS = 12
_KEPT_SECONDS = 900.0
_FIELDS = {"email", "phone", "country"}
OF_CUSTOMER = {"first_name", "name", *_FIELDS}  # beside their traits


@dataclass(frozen=True)
class About:
    """Whom and what a message is about. `interaction_id`: of what caused it."""

    customer: Customer
    campaign: Campaign
    interaction_id: int | None = None


def is_nobody(customer: Customer) -> bool:
    """Made up for a preview, so that nothing can be known of them."""
    return bool(customer._state.adding)  # noqa: SLF001 - Django's own word for what is not in the database


def read(names: Iterable[str], about: About, company: CompanySettings) -> dict[str, Any]:
    """Of the names that are known here. What there is none of is left out, so that a message without a default for it
    is not sent with a hole."""
    found: dict[str, Any] = {}
    for name in names:
        reader = _READERS.get(name)
        value = reader(about, company) if reader else None
        if value is not None:
            found[name] = value
    return found


def of_customer(customer: Customer) -> dict[str, Any]:
    """Plain values only: traits first, so that they never hide the fields."""
    found = {key: value for key, value in customer.traits.items() if isinstance(value, str | int | float | bool)}
    found |= {name: value for name in _FIELDS if (value := getattr(customer, name))}
    names = {"first_name": customer.first_name, "name": customer.name}
    return found | {key: value for key, value in names.items() if value}


def _event(about: About, _company: CompanySettings) -> dict[str, Any] | None:
    found = cause(about.interaction_id)
    return found and {
        "name": found["event"],
        "at": found["at"],
        "properties": found["properties"],
        **found["properties"],
    }


def cause(interaction_id: int | None) -> dict[str, Any] | None:
    """What happened, as it was told."""
    if interaction_id is None:
        return None
    row = Interaction.objects.filter(pk=interaction_id).values_list("event", "occurred_at", "properties").first()
    if row is None:
        return None
    event, at, properties = row
    return {"event": event, "at": at.isoformat(), "properties": properties if isinstance(properties, dict) else {}}


def _stage(about: About, _company: CompanySettings) -> str | None:
    """Where the customer stands in the campaign's journey, else in the one that they entered a stage of last."""
    entries = StageEntry.objects.standing().filter(customer_id=about.customer.pk, left_at=None)
    if about.campaign.journey_id:
        entries = entries.filter(journey_id=about.campaign.journey_id)
    found = entries.select_related("journey__current_version").order_by("-entered_at", "-pk").first()
    version = found.journey.current_version if found else None
    if found is None or version is None:
        return None
    return next((one["name"] for one in version.snapshot["stages"] if one["key"] == str(found.stage_key)), None)


def _persona(about: About, _company: CompanySettings) -> str | None:
    return about.customer.persona.name if about.customer.persona else None


def _latest(customer: Customer, *events: str) -> list[tuple[str, dict[str, Any]]]:
    """Newest first, of the latest that the customer did."""
    if is_nobody(customer):
        return []
    newest = Interaction.objects.for_customer(customer).order_by("-occurred_at", "-pk").values("pk")[:_LATEST]
    rows = Interaction.objects.filter(pk__in=newest, event__in=events).order_by("-occurred_at", "-pk")
    return [
        (event, found if isinstance(found, dict) else {}) for event, found in rows.values_list("event", "properties")
    ]


def _viewed(about: About, company: CompanySettings) -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for _event_name, properties in _latest(about.customer, VIEWED):
        item = _item(properties, company)
        if item:
            items.setdefault(item["id"], item)
    return list(items.values())[:_MOST_ITEMS]


def _last_viewed(about: About, company: CompanySettings) -> dict[str, Any] | None:
    return next(iter(_viewed(about, company)), None)


def _cart(about: About, company: CompanySettings) -> list[dict[str, Any]]:
    """Added and neither taken out nor ordered since, the newest first."""
    gone: Counter[str] = Counter()
    items: dict[str, dict[str, Any]] = {}
    for event, properties in _latest(about.customer, ADDED, REMOVED, ORDERED, CLEARED):
        if event in {ORDERED, CLEARED}:
            break
        item = _item(properties, company)
        if item and event == REMOVED:
            gone[item["id"]] += 1
        elif item and gone[item["id"]]:
            gone[item["id"]] -= 1
        elif item:
            items.setdefault(item["id"], item)
    return list(items.values())[:_MOST_ITEMS]


def _also_bought(about: About, company: CompanySettings) -> list[dict[str, Any]]:
    """What buyers of what the customer ordered last bought with it or else, most often first."""
    ordered = next((found for _event_name, found in _latest(about.customer, ORDERED)), {})
    ours = {item["id"] for item in _products(ordered, company)}
    if not ours:
        return []
    bought = _together(company)
    counts: Counter[str] = Counter()
    for basket in bought.baskets:
        if ours & basket:
            counts.update(basket - ours)
    best = sorted(counts, key=lambda one: (-counts[one], one))
    return [bought.items[one] for one in best[:_MOST_ITEMS]]


@dataclass(frozen=True)
class _Bought:
    """`baskets`: what each of the latest buyers bought."""

    items: dict[str, dict[str, Any]]
    baskets: list[set[str]]


_shelf: dict[str, Any] = {}


def _together(company: CompanySettings) -> _Bought:
    """Of the newest orders of everybody; read again every quarter of an hour."""
    now = time.monotonic()
    if now >= _shelf.get("until", 0.0):
        _shelf.update(value=_read_together(company), until=now + _KEPT_SECONDS)
    kept: _Bought = _shelf["value"]
    return kept


def _read_together(company: CompanySettings) -> _Bought:
    newest = (Interaction.objects.aggregate(pk=Max("pk"))["pk"] or 0) - _NEWEST
    rows = Interaction.objects.filter(pk__gt=newest, event=ORDERED).order_by("pk")
    items: dict[str, dict[str, Any]] = {}
    baskets: dict[int, set[str]] = {}
    for customer_id, properties in rows.values_list("customer_id", "properties").iterator():
        for item in _products(properties, company):
            items[item["id"]] = item
            baskets.setdefault(customer_id, set()).add(item["id"])
    return _Bought(items, list(baskets.values()))


def forget_cached() -> None:
    _shelf.clear()


def _products(properties: Any, company: CompanySettings) -> list[dict[str, Any]]:
    listed = properties.get("products") if isinstance(properties, dict) else None
    found = [_item(one, company) for one in listed[:100] if isinstance(one, dict)] if isinstance(listed, list) else []
    return [item for item in found if item]


def _item(properties: Mapping[str, Any], company: CompanySettings) -> dict[str, Any] | None:
    """A product as the Segment spec tells of it. Every name is there, so that a list needs no defaults."""
    name = _text(properties, "name", "title", "product")
    key = _text(properties, "product_id", "sku", "id") or name
    if not key:
        return None
    found, currency = properties.get("price"), _text(properties, "currency") or company.currency
    is_price = isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e9
    price = float(found) if is_price and found is not None else 0.0
    return {
        "id": key,
        "name": name or key,
        "url": _text(properties, "url"),
        "image": _text(properties, "image_url", "image"),
        "price": found if is_price else "",
        "currency": currency,
        "price_text": f"{number_format(price, decimal_pos=2)} {currency}" if is_price else "",
        "quantity": properties.get("quantity") if isinstance(properties.get("quantity"), int) else 1,
    }


def _text(properties: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = properties.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)[:2000]
    return ""


_READERS: dict[str, Callable[[About, CompanySettings], Any]] = {
    "customer": lambda about, _company: of_customer(about.customer),
    "company": lambda _about, company: {"name": company.name, "currency": company.currency},
    "event": _event,
    "stage": _stage,
    "persona": _persona,
    "last_viewed": _last_viewed,
    "viewed": _viewed,
    "cart": _cart,
    "also_bought": _also_bought,
}
