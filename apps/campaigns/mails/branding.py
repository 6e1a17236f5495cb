"""What surrounds every message and is not in its step: the look of the brand and the snippets."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.text import slugify

from apps.campaigns.mails.blocks import picture_url
from apps.campaigns.mails.framing import Look
from apps.campaigns.models import Brand, Campaign, Snippet
from apps.core.models import CompanySettings

FRESH_SECONDS = 5.0  # after them, what another process changed is seen

_shelf: dict[str, Any] = {}


@dataclass(frozen=True)
class Surroundings:
    """What a frame takes from outside its step, and is kept by. `campaign`: its name as links say it."""

    look: Look
    snippets: tuple[tuple[str, str], ...]
    language: str
    campaign: str


def around(company: CompanySettings, campaign: Campaign) -> Surroundings:
    look, snippets = _kept()
    name = _slug(campaign.name) or f"campaign-{campaign.pk}"
    look = _of_company(look, company.name, company.postal_address)
    return Surroundings(look, snippets, translation.get_language() or "en", name)


@lru_cache(maxsize=500)
def _slug(name: str) -> str:
    return slugify(name)[:100]


@lru_cache(maxsize=50)
def _of_company(look: Look, name: str, address: str) -> Look:
    return replace(look, company=name, address=address)


def _kept() -> tuple[Look, tuple[tuple[str, str], ...]]:
    """Read again every few seconds and not for each message."""
    now = time.monotonic()
    if now >= _shelf.get("until", 0.0):
        found = Brand.current()
        logo = picture_url(found.logo.digest) if found.logo else ""
        snippets = tuple(Snippet.objects.order_by("name").values_list("name", "text"))
        _shelf.update(value=(Look("", "", found.safe_accent, logo, found.footer), snippets), until=now + FRESH_SECONDS)
    kept: tuple[Look, tuple[tuple[str, str], ...]] = _shelf["value"]
    return kept


def forget_cached() -> None:
    """What this process keeps; the others see a change within a few seconds."""
    _shelf.clear()
