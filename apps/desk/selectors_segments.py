"""What the pages of segments show."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.core import keyset, rules
from apps.customers.enums import SegmentKind
from apps.customers.models import Membership, Segment

PAGE = 50


@dataclass(frozen=True)
class ListedSegment:
    segment: Segment
    sentence: str


@dataclass(frozen=True)
class SegmentPage:
    sentence: str
    is_built: bool
    shows: str
    tabs: list[dict[str, Any]]
    rows: list[Membership]
    next_cursor: str | None


def listed_segments() -> list[ListedSegment]:
    return [ListedSegment(segment, sentence_of(segment)) for segment in Segment.objects.order_by("name", "pk")]


def sentence_of(segment: Segment) -> str:
    return rules.sentence(segment.rule) if segment.kind == SegmentKind.RULE else ""


def segment_page(segment: Segment, *, shows: str, cursor: str | None) -> SegmentPage:
    """Members by when they joined, or those who left by when they had joined. Raises keyset.BadCursor."""
    rows = Membership.objects.filter(segment=segment).select_related("customer__persona")
    rows = rows.current() if shows == "members" else rows.exclude(left_at=None)
    page = keyset.newest_first(rows, time_field="joined_at", cursor=cursor, size=PAGE)
    return SegmentPage(
        sentence=sentence_of(segment),
        is_built=segment.kind == SegmentKind.LIST or segment.built_rule == segment.rule,
        shows=shows,
        tabs=[
            {"url": "?", "label": _("In it now"), "is_current": shows == "members"},
            {"url": "?show=left", "label": _("Have left"), "is_current": shows == "left"},
        ],
        rows=page.rows,
        next_cursor=page.next_cursor,
    )
