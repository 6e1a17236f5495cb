"""A map as it may be shown to whoever has a link: what is designed, and nothing about people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from apps.core import links
from apps.journeys.models import PICTURE, Comment, Journey, MapImage, ShareLink
from apps.journeys.selectors.drafts import export_text
from apps.journeys.selectors.maps import MapPage, customers_by_stage, page_of

# What is not named here does not leave: owners, their e-mails, evidence, rules.
_JOURNEY = ("name", "persona", "goal", "beginning", "middle", "end", "expectations", "expected_days")
_STAGE = ("key", "name", "kind", "expected_days", "department")
_STEP = ("key", "name", "emotion", "feeling", "optional", "alternative_to", "moment_of_truth", "takes_minutes")
_LANE = ("kind", "name", "persona")
_CARD = (
    "key", "step", "lane", "text", "severity", "frequency", "effort", "impact", "emotion", "target", "unit", "image",
    "touchpoint", "department",
)  # fmt: skip


class Gone(LookupError):
    """The link was revoked."""


@dataclass(frozen=True)
class SharedMap:
    link: ShareLink
    said: dict[str, Any]  # the scope of the journey
    map: MapPage
    version: int | None  # None: a draft
    published_at: datetime | None


def address(link: ShareLink) -> str:
    return f"{links.url('map', 'm', link.pk)}/"


def links_of(journey: Journey) -> list[ShareLink]:
    """Those that work first, the newest first; each with how many comments came through it."""
    rows = ShareLink.objects.filter(journey=journey).select_related("created_by")
    said = dict(
        Comment.objects.filter(journey=journey, link__isnull=False)
        .order_by()
        .values_list("link")
        .annotate(n=Count("pk"))
    )
    found = list(rows.order_by(F("revoked_at").desc(nulls_first=True), "-pk")[:200])
    for link in found:
        link.comment_count = said.get(link.pk, 0)  # type: ignore[attr-defined]
    return found


def opened(token: str) -> ShareLink:
    """Raises links.BadLink for a token that we did not make, ShareLink.DoesNotExist, Gone."""
    pk = links.read("map", token)
    link = ShareLink.objects.select_related("journey__current_version").get(pk=pk)
    if link.revoked_at is not None:
        raise Gone
    return link


def snapshot_of(journey: Journey) -> dict[str, Any]:
    """The published map; of one that was never published its draft."""
    return journey.current_version.snapshot if journey.current_version else export_text(journey, with_keys=True)


def shared_map(link: ShareLink) -> SharedMap:
    snapshot = without_people(snapshot_of(link.journey))
    version = link.journey.current_version
    counts = customers_by_stage(link.journey) if link.shows_numbers else {}
    said = comment_counts(link) if link.takes_comments else {}
    page = page_of(snapshot, counts, said=said)
    number, at = (version.number, version.published_at) if version else (None, None)
    return SharedMap(link, _only(snapshot, _JOURNEY), page, number, at)


def without_people(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Names and keys of what is designed; a picture by its digest alone."""
    return _only(snapshot, _JOURNEY) | {
        "stages": [
            _only(stage, _STAGE) | {"steps": [_only(step, _STEP) for step in stage.get("steps", [])]}
            for stage in snapshot["stages"]
        ],
        "lanes": [_only(lane, _LANE) for lane in snapshot["lanes"]],
        "cards": [_card(card) for card in snapshot["cards"]],
    }


def _card(card: dict[str, Any]) -> dict[str, Any]:
    found = _only(card, _CARD)
    name = found.pop("image", "")
    if name.startswith(PICTURE):
        found["digest"] = name.removeprefix(PICTURE)
    return found


def _only(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def shared_card(link: ShareLink, key: UUID) -> dict[str, Any] | None:
    """The card of that key on the shared map."""
    cards = without_people(snapshot_of(link.journey))["cards"]
    return next((card for card in cards if card.get("key") == str(key)), None)


def picture(link: ShareLink, digest: str) -> MapImage | None:
    """Only pictures that the shared map shows."""
    cards = snapshot_of(link.journey)["cards"]
    if not any(card.get("image") == f"{PICTURE}{digest}" for card in cards):
        return None
    return MapImage.objects.filter(digest=digest).first()


# --- What guests say: those who have a link read what came through it


def comment_counts(link: ShareLink) -> dict[str, int]:
    rows = Comment.objects.filter(link=link).order_by().values_list("card_key").annotate(n=Count("pk"))
    return {str(key): n for key, n in rows}


def guest_comments(link: ShareLink, key: UUID) -> list[Comment]:
    """Oldest first."""
    return list(Comment.objects.filter(link=link, card_key=key).order_by("at", "pk"))
