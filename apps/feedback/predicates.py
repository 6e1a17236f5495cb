"""What rules can ask about answers to surveys."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import rules
from apps.core.comparison import RuleError
from apps.feedback.enums import WITH_SCORE, SurveyKind
from apps.feedback.models import Response
from apps.touchpoints.predicates import WITHIN_DAYS, check_number, is_timed, within

_KINDS = [kind.value for kind in WITH_SCORE]
_CHOICES = [(kind.value, kind.label) for kind in WITH_SCORE]
_KEYS = {"kind", "from", "to", "within_days"}


def _check(value: Any) -> None:
    if not isinstance(value, dict) or set(value) - _KEYS or value.get("kind") not in _KINDS:
        raise RuleError(f"scored needs a kind ({', '.join(_KINDS)}), and may say: from, to, within_days.")
    scale = SurveyKind(value["kind"]).scale
    low, high = value.get("from", scale[0]), value.get("to", scale[-1])
    for number in (low, high):
        if isinstance(number, bool) or number not in scale:
            raise RuleError(f"scored: {value['kind']} goes from {scale[0]} to {scale[-1]}.")
    if low > high:
        raise RuleError("scored: from must not be more than to.")
    check_number(value, "within_days", "scored")


def _compile(value: dict[str, Any], scope: rules.Scope) -> Q:
    """Any answer of that kind in the range; changing an answer changes the row."""
    scale = SurveyKind(value["kind"]).scale
    found = Response.objects.filter(
        customer_id=scope.customer_id,
        kind=value["kind"],
        score__range=(value.get("from", scale[0]), value.get("to", scale[-1])),
    )
    if "within_days" in value:
        found = found.filter(answered_at__gte=scope.now - timedelta(days=value["within_days"]))
    return Q(Exists(found))


def _said(value: dict[str, Any]) -> str:
    scale = SurveyKind(value["kind"]).scale
    low, high = value.get("from", scale[0]), value.get("to", scale[-1])
    words = {"kind": SurveyKind(value["kind"]).label, "low": low, "high": high}
    return _("scored %(kind)s from %(low)s to %(high)s") % words + within(value)


SCORED = rules.Predicate(
    check=_check,
    compile=_compile,
    sentence=_said,
    label=gettext_lazy("Scored"),
    fields=(
        rules.Field(
            "kind",
            gettext_lazy("Score"),
            "choice",
            is_required=True,
            choices=lambda _: _CHOICES,
        ),
        rules.Field("from", gettext_lazy("From"), "number", before=gettext_lazy("from")),
        rules.Field("to", gettext_lazy("To"), "number", before=gettext_lazy("to")),
        WITHIN_DAYS,
    ),
    depends_on_time=is_timed,
)
