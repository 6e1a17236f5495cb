"""What was done on a draft: what somebody can take back or do again, and what others did meanwhile."""

from dataclasses import dataclass

from apps.journeys.models import MapEdit
from apps.staff.models import User


@dataclass(frozen=True)
class Tools:
    """What this person can take back and do again; `latest` is the last edit of anybody."""

    undo: MapEdit | None
    redo: MapEdit | None
    latest: int


def tools(*, journey_id: int, by: User) -> Tools:
    """In one question."""
    edits = list(MapEdit.objects.filter(journey=journey_id).defer("changes").order_by("-pk"))
    own = [edit for edit in edits if edit.by_id == by.pk]
    standing = next((edit for edit in own if edit.undone_at is None), None)
    taken_back = [edit for edit in own if edit.undone_at and (standing is None or edit.pk > standing.pk)]
    while taken_back and _is_given_up(taken_back[-1], own):
        taken_back.pop()
    latest = edits[0].pk if edits else 0
    return Tools(standing, taken_back[-1] if taken_back else None, latest)


def _is_given_up(edit: MapEdit, own: list[MapEdit]) -> bool:
    """Whoever goes on to do something else does not want back what they took back before."""
    return any(later.pk > edit.pk and edit.undone_at is not None and later.at > edit.undone_at for later in own)


def by_others(*, journey_id: int, by: User, after: int) -> list[MapEdit]:
    """What others did on this map after that edit, newest first; a few."""
    rows = MapEdit.objects.filter(journey=journey_id, pk__gt=after, undone_at=None).exclude(by=by)
    return list(rows.select_related("by").order_by("-pk")[:5])


def has_had(*, journey_id: int, kind: str, pk: int) -> bool:
    """Whether an edit of this map took such a part away, as far as edits are kept."""
    gone = [{"table": kind, "id": pk}]
    return MapEdit.objects.filter(journey=journey_id, changes__contains=gone).exists()
