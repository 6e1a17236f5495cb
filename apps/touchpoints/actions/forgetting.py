"""What names an erased person without a foreign key to them."""

from apps.core.naming import rows_naming
from apps.core.registry import Person
from apps.touchpoints.models import RefusedItem, SeenEvent, SeenProperty


def forget_refused_items(person: Person) -> int:
    named = rows_naming(person, RefusedItem.objects.all(), "item", "reason")
    return RefusedItem.objects.filter(pk__in=list(named.values_list("pk", flat=True))).delete()[0]


def forget_vocabulary(person: Person) -> int:
    """Suggestions come back by themselves from what others do."""
    events = rows_naming(person, SeenEvent.objects.all(), "event").delete()[0]
    return events + rows_naming(person, SeenProperty.objects.all(), "event", "path", "values").delete()[0]
