"""What rules can ask about interactions."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual

from apps.core import rules
from apps.core.comparison import RuleError, check_comparison
from apps.touchpoints.enums import By
from apps.touchpoints.models import Interaction

_KEYS = {"event", "at_least", "within_days", "where", "ever"}


def check_did(value: Any) -> None:
    if not isinstance(value, dict) or set(value) - _KEYS or not isinstance(value.get("event"), str):
        raise RuleError(f"did needs an event, and may say: {', '.join(sorted(_KEYS))}.")
    for name in ("at_least", "within_days"):
        number = value.get(name, 1)
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 36500:
            raise RuleError(f"did: {name} must be a whole number from 1.")
    if not isinstance(value.get("ever", False), bool):
        raise RuleError("did: ever must be true or false.")
    for condition in value.get("where", []):
        check_comparison(condition, where="did", prefix="properties.")


def compile_did(value: dict[str, Any], scope: rules.Scope) -> Q:
    """Interactions of the customer; after the row's cause where the scope has one, unless `ever` is said."""
    found = Interaction.objects.filter(customer_id=scope.customer_id, event=value["event"], by=By.CUSTOMER)
    if "within_days" in value:
        found = found.filter(occurred_at__gte=scope.now - timedelta(days=value["within_days"]))
    if scope.after and not value.get("ever"):
        found = found.filter(occurred_at__gt=OuterRef(scope.after))
    for path, operator, expected in value.get("where", []):
        found = found.filter(rules.json_condition("properties", path.removeprefix("properties."), operator, expected))
    times = value.get("at_least", 1)
    if times == 1:
        return Q(Exists(found))
    counted = found.order_by().values("customer_id").annotate(n=Count("pk")).values("n")
    return Q(GreaterThanOrEqual(Coalesce(Subquery(counted, output_field=IntegerField()), 0), times))


DID = rules.Predicate(check=check_did, compile=compile_did)
