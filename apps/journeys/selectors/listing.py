"""The list of maps: variants stand under their original."""

from dataclasses import dataclass

from django.db.models import OuterRef, Prefetch, Subquery

from apps.journeys.models import Journey, MapEdit, Stage


@dataclass(frozen=True)
class JourneyRow:
    journey: Journey
    depth: int  # 0, or 1 for a variant of the row above it
    stages: list[str]
    last_edit: MapEdit | None
    is_changed: bool  # edited since it was published


def rows() -> list[JourneyRow]:
    """Three queries however many there are."""
    journeys = list(
        Journey.objects.select_related("persona", "segment", "owner", "current_version")
        .defer("current_version__snapshot")
        .prefetch_related(Prefetch("stages", Stage.objects.order_by("position", "pk")))
        .order_by("name", "pk")
    )
    edits = _last_edits()
    return [_row(one, depth, edits.get(one.pk)) for one, depth in _in_order(journeys)]


def _last_edits() -> dict[int, MapEdit]:
    """By journey; without what they changed, which may be much."""
    latest = MapEdit.objects.filter(journey=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    edits = MapEdit.objects.filter(pk__in=Journey.objects.values(latest=Subquery(latest)))
    return {edit.journey_id: edit for edit in edits.select_related("by").defer("changes")}


def _row(journey: Journey, depth: int, edit: MapEdit | None) -> JourneyRow:
    version = journey.current_version
    return JourneyRow(
        journey=journey,
        depth=depth,
        stages=[stage.name for stage in journey.stages.all()],
        last_edit=edit,
        is_changed=bool(version and edit and edit.at > version.published_at),
    )


def _in_order(journeys: list[Journey]) -> list[tuple[Journey, int]]:
    """Each original followed by its variants and theirs; a ring of variants begins anywhere."""
    variants: dict[int | None, list[Journey]] = {}
    for one in journeys:
        variants.setdefault(one.variant_of_id, []).append(one)
    found: dict[int, tuple[Journey, int]] = {}
    for root in [*variants.get(None, []), *journeys]:
        waiting = [(root, 0)]
        while waiting:
            one, depth = waiting.pop(0)
            if one.pk not in found:
                found[one.pk] = (one, depth)
                waiting[:0] = [(variant, 1) for variant in variants.get(one.pk, [])]
    return list(found.values())
