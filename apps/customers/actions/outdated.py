"""What merges keep for their undo, once that is no longer possible."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.core import pruning, registry
from apps.core.registry import Pruner
from apps.customers.actions.merges import UNDO_WITHIN
from apps.customers.models import Identity, LaterByIdentity, Merge, MovedRows


def register() -> None:
    registry.prune("logs of merges", pruning.whole_rows(_logs))
    registry.prune("interactions noted for an undo", pruning.whole_rows(_later))
    registry.prune("fields of before a merge", Pruner(rows=_merges, batches=_without_fields))
    registry.prune("watched identities", Pruner(rows=_watched, batches=_unwatched))


def _logs(now: datetime) -> QuerySet[MovedRows]:
    return MovedRows.objects.filter(merge__at__lt=now - UNDO_WITHIN)


def _later(now: datetime) -> QuerySet[LaterByIdentity]:
    """Before the watch itself ends: what is left of those that nobody watches any more."""
    return LaterByIdentity.objects.filter(identity__watched_until__lt=now)


def _merges(now: datetime) -> QuerySet[Merge]:
    return Merge.objects.filter(at__lt=now - UNDO_WITHIN).exclude(before={})


def _watched(now: datetime) -> QuerySet[Identity]:
    noted = LaterByIdentity.objects.values("identity")
    return Identity.objects.filter(watched_until__lt=now).exclude(pk__in=noted)


def _without_fields(now: datetime, limit: int) -> Iterator[int]:
    while count := _update(_merges(now), limit, {"before": {}}):
        yield count


def _unwatched(now: datetime, limit: int) -> Iterator[int]:
    while count := _update(_watched(now), limit, {"watched_until": None, "through_id": None}):
        yield count


@transaction.atomic
def _update(rows: "QuerySet[Merge] | QuerySet[Identity]", limit: int, values: dict[str, object]) -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return rows.model._default_manager.filter(pk__in=keys).update(**values)  # noqa: SLF001 - Django's own name
