"""Two customers side by side before they become one, merges and duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.campaigns.models import Message
from apps.core import keyset
from apps.customers import combining
from apps.customers.actions import merges, undoing
from apps.customers.enums import Choice, Reason
from apps.customers.models import Consent, Customer, Duplicate, Identity, Merge, Persona, Topic
from apps.desk.selectors import SAID_ELSEWHERE, trait_label
from apps.journeys.selectors.standing import Standing, standings
from apps.staff.models import User
from apps.touchpoints.models import Interaction

COUNTED = 10_000
PAGE = 50


@dataclass(frozen=True)
class Row:
    label: str
    kept: str
    gone: str
    result: str
    why: str


@dataclass(frozen=True)
class Side:
    customer: Customer
    identities: list[Identity]
    interactions: int
    messages: int
    standings: list[Standing]


@dataclass(frozen=True)
class Preview:
    kept: Side
    gone: Side
    rows: list[Row]
    consents: list[Row]
    may_swap: bool
    counted: int = COUNTED

    @property
    def sides(self) -> list[Side]:
        return [self.kept, self.gone]


def preview(*, kept: Customer, gone: Customer) -> Preview:
    return Preview(
        kept=_side(kept),
        gone=_side(gone),
        rows=_rows(kept, gone),
        consents=_consents(kept, gone),
        may_swap=kept.is_identified and gone.is_identified,
    )


def _side(customer: Customer) -> Side:
    return Side(
        customer=customer,
        identities=list(customer.identities.order_by("kind", "value")[:50]),
        interactions=Interaction.objects.filter(customer=customer)[: COUNTED + 1].count(),
        messages=Message.objects.filter(customer=customer)[: COUNTED + 1].count(),
        standings=standings(customer),
    )


def _labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "country": _("Country"),
        "time_zone": _("Time zone"),
        "owner_id": _("Owner"),
        "persona_id": _("Persona"),
        "tags": _("Tags"),
    }


def _rows(kept: Customer, gone: Customer) -> list[Row]:
    """Own fields of which one of the two has a value, then traits that differ."""
    ours, theirs = combining.own_fields(kept), combining.own_fields(gone)
    result = combining.combine(ours, theirs)
    words = _words([ours, theirs])
    rows = [
        Row(label, words(name, ours), words(name, theirs), words(name, result), _why(ours[name], theirs[name]))
        for name, label in _labels().items()
        if ours[name] or theirs[name]
    ]
    return rows + [
        _trait_row(name, ours["traits"].get(name), theirs["traits"].get(name), result["traits"][name])
        for name in sorted({*ours["traits"], *theirs["traits"]} - SAID_ELSEWHERE)
        if ours["traits"].get(name) != theirs["traits"].get(name)
    ]


def _trait_row(name: str, kept: Any, gone: Any, result: Any) -> Row:
    shown = ["" if value is None else str(value) for value in (kept, gone, result)]
    return Row(trait_label(name), shown[0], shown[1], shown[2], _why(kept, gone))


def _words(owns: Sequence[combining.Own]) -> Any:
    """How a value of an own field reads."""
    users = User.objects.in_bulk([own["owner_id"] for own in owns if own["owner_id"]])
    personas = Persona.objects.in_bulk([own["persona_id"] for own in owns if own["persona_id"]])

    def words(name: str, own: combining.Own) -> str:
        value = own[name]
        if name == "tags":
            return ", ".join(value)
        if name in {"owner_id", "persona_id"}:
            found = users.get(value) if name == "owner_id" else personas.get(value)
            return str(found or "")
        return str(value)

    return words


def _why(kept: Any, gone: Any) -> str:
    if isinstance(kept, list):
        return _("those of both")
    if kept == gone:
        return _("the same")
    if kept and gone:
        return _("of the one who stays")
    return _("only one has it")


def _consents(kept: Customer, gone: Customer) -> list[Row]:
    """Strictest wins: a "no" of either is the "no" of both."""
    said = {customer.pk: _latest(customer) for customer in (kept, gone)}
    rows = []
    for topic in [*Topic.objects.order_by("name", "pk"), None]:
        label = topic.name if topic else _("Everything")
        for channel in sorted({channel for answers in said.values() for channel, of in answers if of == topic}):
            ours, theirs = (said[pk].get((channel, topic)) for pk in (kept.pk, gone.pk))
            after = _strictest(ours, theirs)
            rows.append(Row(f"{label}, {channel}", _choice(ours), _choice(theirs), _choice(after), ""))
    return rows


def _latest(customer: Customer) -> dict[tuple[str, Topic | None], str]:
    answers = Consent.objects.filter(customer=customer).select_related("topic")
    latest = answers.order_by("channel", "topic_id", "-at", "-id").distinct("channel", "topic_id")
    return {(answer.channel, answer.topic): answer.choice for answer in latest}


def _strictest(ours: str | None, theirs: str | None) -> str | None:
    return Choice.OUT.value if Choice.OUT in {ours, theirs} else ours or theirs


def _choice(choice: str | None) -> str:
    return str(Choice(choice).label) if choice else _("not asked")


@dataclass(frozen=True)
class ListedMerge:
    merge: Merge
    why_not: str  # empty: it can be undone


@dataclass(frozen=True)
class MergePage:
    rows: list[ListedMerge]
    next_cursor: str | None


def merge_page(*, cursor: str | None, now: datetime) -> MergePage:
    """Newest first. Raises keyset.BadCursor."""
    rows = _merges()
    page = keyset.newest_first(rows, time_field="at", cursor=cursor, size=PAGE)
    return MergePage([ListedMerge(merge, undoing.why_not(merge, now=now)) for merge in page.rows], page.next_cursor)


def merges_of(*, customer: Customer, now: datetime) -> list[ListedMerge]:
    """Those that made this customer and can still be undone."""
    since = now - merges.UNDO_WITHIN
    rows = _merges().filter(kept=customer, undone_at=None, at__gte=since).order_by("-at", "-pk")[:10]
    return [one for merge in rows if not (one := ListedMerge(merge, undoing.why_not(merge, now=now))).why_not]


def _merges() -> QuerySet[Merge]:
    return Merge.objects.filter(through_id=None).select_related("kept", "gone", "by", "undone_by")


@dataclass(frozen=True)
class ListedDuplicate:
    duplicate: Duplicate
    reasons: list[str]
    other: Customer | None = None

    @property
    def pair(self) -> list[Customer]:
        return [self.duplicate.first, self.duplicate.second]


@dataclass(frozen=True)
class DuplicatePage:
    rows: list[ListedDuplicate]
    next_cursor: str | None


def duplicate_page(*, cursor: str | None) -> DuplicatePage:
    """The surest first. Raises keyset.BadCursor."""
    page = keyset.highest_first(open_duplicates(), number_field="score", cursor=cursor, size=PAGE)
    return DuplicatePage([ListedDuplicate(row, _reasons(row)) for row in page.rows], page.next_cursor)


def open_duplicates() -> QuerySet[Duplicate]:
    return Duplicate.objects.filter(dismissed_at=None).select_related("first", "second")


def duplicates_of(*, customer: Customer) -> list[ListedDuplicate]:
    rows = open_duplicates().filter(Q(first=customer) | Q(second=customer)).order_by("-score", "-pk")[:5]
    return [
        ListedDuplicate(row, _reasons(row), other=row.second if row.first_id == customer.pk else row.first)
        for row in rows
    ]


def _reasons(duplicate: Duplicate) -> list[str]:
    return [str(Reason(reason).label) for reason in duplicate.reasons]
