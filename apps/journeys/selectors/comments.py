"""What is said about the cards of a map, and whom of the staff a text mentions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from apps.journeys.models import Card, Comment, Journey
from apps.staff.models import User

PAGE = 50
STATES = ("all", "open", "resolved")


@dataclass(frozen=True)
class Place:
    """The card that a comment is about, as the draft has it, else the published map; without words when it is gone."""

    key: UUID
    text: str = ""
    step: str = ""
    lane: str = ""


@dataclass(frozen=True)
class Said:
    """One comment with its text in parts: words, and whether they mention somebody."""

    comment: Comment
    parts: list[tuple[str, bool]]
    place: Place

    @property
    def author(self) -> str:
        return author(self.comment)

    @property
    def is_guest(self) -> bool:
        return self.comment.link is not None


def author(comment: Comment) -> str:
    if comment.by is not None:
        return str(comment.by)
    return comment.guest_name or _("A former colleague")


def of_journey(journey_id: int) -> QuerySet[Comment]:
    return Comment.objects.filter(journey=journey_id).select_related("by", "link", "resolved_by")


def about(rows: QuerySet[Comment], key: UUID) -> QuerySet[Comment]:
    return rows.filter(card_key=key)


def on_card(journey_id: int, key: UUID) -> list[Said]:
    """Oldest first."""
    rows = about(of_journey(journey_id), key).order_by("at", "pk")
    mentions = Mentions(people())
    return [Said(row, mentions.parts(row), Place(key)) for row in rows]


def open_counts(journey: Journey) -> dict[str, int]:
    """Of open comments, by the keys of cards."""
    rows = Comment.objects.open().filter(journey=journey).order_by().values_list("card_key")
    return {str(key): n for key, n in rows.annotate(n=Count("pk"))}


# --- The cards


def place(journey: Journey, key: UUID) -> Place | None:
    """None when neither the draft nor the published map has such a card and nobody has said anything about it."""
    found = _places(journey, {key})
    if key in found:
        return found[key]
    is_known = Comment.objects.filter(journey=journey, card_key=key).exists()
    return Place(key) if is_known else None


def _places(journey: Journey, keys: set[UUID]) -> dict[UUID, Place]:
    found = {}
    if journey.current_version:
        for card in journey.current_version.snapshot["cards"]:
            if card.get("key") and UUID(card["key"]) in keys:
                found[UUID(card["key"])] = Place(UUID(card["key"]), card["text"], card["step"], card["lane"])
    drawn = Card.objects.filter(lane__journey=journey, key__in=keys)
    for key, *words in drawn.values_list("key", "text", "step__name", "lane__name"):
        found[key] = Place(key, *words)
    return found


# --- The page of a whole map


@dataclass(frozen=True)
class CommentPage:
    rows: list[Said]
    open: int
    resolved: int
    next_page: int | None

    @property
    def next_text(self) -> str:
        return str(self.next_page)


def page(journey: Journey, *, state: str, number: int) -> CommentPage:
    """Open ones first, then the newest; pages count from 1."""
    chosen = {"open": Q(resolved_at=None), "resolved": Q(resolved_at__isnull=False)}.get(state, Q())
    rows = of_journey(journey.pk).filter(chosen)
    rows = rows.order_by(F("resolved_at").desc(nulls_first=True), "-at", "-pk")
    start = (number - 1) * PAGE
    found = list(rows[start : start + PAGE + 1])
    shown = found[:PAGE]
    places = _places(journey, {row.card_key for row in shown})
    mentions = Mentions(people())
    return CommentPage(
        rows=[Said(row, mentions.parts(row), places.get(row.card_key, Place(row.card_key))) for row in shown],
        next_page=number + 1 if len(found) > PAGE else None,
        **Comment.objects.filter(journey=journey).aggregate(
            open=Count("pk", filter=Q(resolved_at=None)), resolved=Count("pk", filter=Q(resolved_at__isnull=False))
        ),
    )


# --- Mentions


def people() -> list[User]:
    """Who can be mentioned, by name."""
    return sorted(User.objects.filter(is_active=True), key=lambda user: (str(user).casefold(), user.pk))


class Mentions:
    """Finds @ and a name, or @ and the first part of an e-mail, of these people, in any case. The longest name wins; a
    name of several people mentions them all."""

    def __init__(self, staff: Iterable[User]) -> None:
        self._by_name: dict[str, list[int]] = {}
        for user in staff:
            for name in {user.name.strip().lower(), user.email.partition("@")[0].lower()} - {""}:
                self._by_name.setdefault(name, []).append(user.pk)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        names = sorted(self._by_name, key=lambda name: (-len(name), name))
        if not names:
            return None
        said = "|".join(re.escape(name) for name in names)
        return re.compile(rf"(?<![\w.+-])@({said})(?![\w-]|[.+]\w)", re.IGNORECASE)

    def ids(self, text: str) -> set[int]:
        found: set[int] = set()
        for match in self._pattern.finditer(text) if self._pattern else ():
            found.update(self._by_name.get(match[1].lower(), []))
        return found

    def parts(self, comment: Comment) -> list[tuple[str, bool]]:
        """Guests mention nobody."""
        text = comment.text
        if self._pattern is None or comment.guest_name:
            return [(text, False)]
        found, last = [], 0
        for match in self._pattern.finditer(text):
            found += [(text[last : match.start()], False), (match[0], True)]
            last = match.end()
        return [part for part in [*found, (text[last:], False)] if part[0]]


def named(user: User) -> str:
    """How a text mentions this person: by name, else by the e-mail's first part."""
    return f"@{user.name.strip() or user.email.partition('@')[0]}"
