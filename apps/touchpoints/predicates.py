"""What rules can ask about interactions."""

from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, Exists, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import rules
from apps.core.comparison import RuleError
from apps.core.enums import Origin
from apps.touchpoints import conditions, suggestions
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Interaction, InteractionQuerySet

MAX_NUMBER = 36500
_KEYS = {*conditions.KEYS, "at_least", "within_days", "ever"}


def check_number(value: dict[str, Any], name: str, where: str) -> None:
    number = value.get(name, 1)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MAX_NUMBER:
        raise RuleError(f"{where}: {name} must be a whole number from 1 to {MAX_NUMBER}.")


def within(value: dict[str, Any]) -> str:
    """The end of a sentence."""
    if "within_days" not in value:
        return ""
    days = value["within_days"]
    return " " + ngettext("in the last day", "in the last %(days)s days", days) % {"days": days}


WITHIN_DAYS = rules.Field(
    "within_days", gettext_lazy("Within days"), "number", before=gettext_lazy("in the last"), after=gettext_lazy("days")
)
AT_LEAST = rules.Field(
    "at_least", gettext_lazy("Times"), "number", before=gettext_lazy("at least"), after=gettext_lazy("times")
)


def is_timed(value: dict[str, Any]) -> bool:
    return "within_days" in value


def _check_did(value: Any) -> None:
    if not isinstance(value, dict) or set(value) - _KEYS or not isinstance(value.get("event"), str):
        raise RuleError(f"did needs an event, and may say: {', '.join(sorted(_KEYS))}.")
    conditions.check(value, where="did")
    check_number(value, "at_least", "did")
    check_number(value, "within_days", "did")
    if not isinstance(value.get("ever", False), bool):
        raise RuleError("did: ever must be true or false.")


def _compile_did(value: dict[str, Any], scope: rules.Scope) -> Q:
    """Interactions of the customer; after the row's cause where the scope has one, unless `ever` is said."""
    found = not_retracted().filter(conditions.read(value).condition())
    if "within_days" in value:
        found = found.filter(occurred_at__gte=scope.now - timedelta(days=value["within_days"]))
    times = value.get("at_least", 1)
    if scope.after and not value.get("ever"):
        found = found.filter(occurred_at__gt=OuterRef(scope.after))
    elif scope.is_whole and times > 1:
        often = found.order_by().values("customer_id").annotate(n=Count("pk")).filter(n__gte=times)
        return Q(**{f"{scope.customer_path}__in": often.values("customer_id")})
    found = found.filter(customer_id=scope.customer_id)
    if times == 1:
        return Q(Exists(found))
    counted = found.order_by().values("customer_id").annotate(n=Count("pk")).values("n")
    return Q(GreaterThanOrEqual(Coalesce(Subquery(counted, output_field=IntegerField()), 0), times))


def not_retracted() -> InteractionQuerySet:
    """Without entries by hand that were taken back (actions/log.py): the second row has the same source."""
    retraction = Interaction.objects.filter(
        source_id=OuterRef("source_id"),
        message_id=Concat(Value("retract:"), Cast(OuterRef("pk"), CharField())),
    )
    return Interaction.objects.exclude(Q(origin=Origin.STAFF) & Q(Exists(retraction)))


def _said(value: dict[str, Any]) -> str:
    said = [_("did %(what)s") % {"what": conditions.read(value).sentence()}]
    if value.get("at_least", 1) > 1:
        said.append(_("at least %(times)s times") % {"times": value["at_least"]})
    return " ".join(said) + within(value)


DID = rules.Predicate(
    check=_check_did,
    compile=_compile_did,
    sentence=_said,
    label=gettext_lazy("Did"),
    fields=(
        rules.Field("event", gettext_lazy("Event"), is_required=True, choices=lambda _: suggestions.events()),
        rules.Field(
            "where",
            gettext_lazy("Properties"),
            "comparisons",
            choices=lambda value: suggestions.properties(value.get("event", "")),
            values=suggestions.values,
            before=gettext_lazy("with"),
        ),
        rules.Field(
            "channel",
            gettext_lazy("Channel"),
            "choice",
            choices=lambda _: list(Channel.choices),
            before=gettext_lazy("on"),
        ),
        rules.Field(
            "touchpoint",
            gettext_lazy("Touchpoint"),
            "choice",
            choices=lambda _: suggestions.touchpoints(),
            before=gettext_lazy("at"),
        ),
        rules.Field(
            "by",
            gettext_lazy("Done by"),
            "choice",
            choices=lambda _: [*By.choices, (conditions.ANYBODY, gettext_lazy("anybody"))],
            before=gettext_lazy("by"),
        ),
        AT_LEAST,
        WITHIN_DAYS,
    ),
    depends_on_time=is_timed,
    names=lambda value: [("touchpoint", value["touchpoint"])] if "touchpoint" in value else [],
)
