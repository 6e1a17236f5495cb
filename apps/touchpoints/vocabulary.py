"""What was received, for the editors of rules to suggest: kept by actions/vocabulary.py."""

from django.db.models import Max

from apps.touchpoints.enums import Channel
from apps.touchpoints.models import SeenEvent, SeenProperty

MOST = 500
_NUL = "\x00"  # typed by whom it may be; the database asks for no such text


def events() -> list[str]:
    """The latest first."""
    found = SeenEvent.objects.values("event").annotate(at=Max("last_at")).order_by("-at", "event")
    return list(found.values_list("event", flat=True)[:MOST])


def properties(event: str) -> list[str]:
    """Paths such as `properties.price`, in alphabetical order; without an event those of all."""
    if _NUL in event:
        return []
    found = SeenProperty.objects.filter(event=event) if event else SeenProperty.objects.all()
    return list(found.order_by("path").values_list("path", flat=True).distinct()[:MOST])


def values(event: str, path: str) -> list[str]:
    """Values that several customers had; without an event those of the latest one that has the property."""
    if _NUL in event + path:
        return []
    found = SeenProperty.objects.filter(path=path)
    row = (found.filter(event=event) if event else found).order_by("-last_at", "-pk").first()
    return [str(value) for value in row.values] if row else []


def channels() -> list[str]:
    """All, those that something came on first."""
    seen = set(SeenEvent.objects.order_by().values_list("channel", flat=True).distinct())
    return sorted(Channel.values, key=lambda value: value not in seen)
