"""Which column of a file means what, remembered by name and offered again where the columns fit."""

from datetime import datetime

from django.db import transaction

from apps.core.models import ColumnMapping

OFFERED = 20


def fitting(*, kind: str, header: list[str]) -> list[ColumnMapping]:
    """Those that name no column that the file lacks, the last used first."""
    latest = ColumnMapping.objects.filter(kind=kind).order_by("-used_at", "-pk")[:OFFERED]
    names = set(header)
    return [one for one in latest if names.issuperset(one.columns)]


@transaction.atomic
def remember(*, kind: str, name: str, columns: dict[str, str], user_id: int | None, now: datetime) -> None:
    """One of the same name is replaced."""
    chosen = {column: target for column, target in columns.items() if target}
    ColumnMapping.objects.update_or_create(
        kind=kind, name=name, defaults={"columns": chosen, "user_id": user_id, "used_at": now}
    )
