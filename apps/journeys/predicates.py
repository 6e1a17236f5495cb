"""What rules can ask about journeys, by the names of the published map."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import rules
from apps.core.comparison import RuleError
from apps.journeys.models import Journey, Progress, StepVisit
from apps.touchpoints.predicates import WITHIN_DAYS, check_number, is_timed, within


def _published(name: Any, where: str) -> Journey:
    found = None
    if isinstance(name, str) and "\x00" not in name:
        found = Journey.objects.published().select_related("current_version").filter(name=name).first()
    if found is None:
        raise RuleError(f"{where}: there is no published journey {name!r}.")
    return found


def _stages(journey: Journey) -> dict[str, str]:
    """Name -> key."""
    return {s["name"]: s["key"] for s in journey.current_version.snapshot["stages"]} if journey.current_version else {}


def _steps(journey: Journey) -> dict[str, str]:
    if journey.current_version is None:
        return {}
    return {step["name"]: step["key"] for s in journey.current_version.snapshot["stages"] for step in s["steps"]}


def _check_names(value: Any, where: str, *, required: set[str], known: set[str]) -> None:
    if not isinstance(value, dict) or set(value) - required - known or required - set(value):
        raise RuleError(f"{where} needs {' and '.join(sorted(required))}, and may say: {', '.join(sorted(known))}.")
    journey = _published(value["journey"], where)
    for name, known_names in (("stage", _stages(journey)), ("step", _steps(journey))):
        if name in value and value[name] not in known_names:
            raise RuleError(f"{where}: there is no {name} {value[name]!r} in {journey}.")
    check_number(value, "within_days", where)


def _check_in_stage(value: Any) -> None:
    _check_names(value, "in_stage", required={"journey", "stage"}, known=set())


def _check_overdue(value: Any) -> None:
    _check_names(value, "overdue", required={"journey"}, known={"stage"})


def _check_reached(value: Any) -> None:
    _check_names(value, "reached", required={"journey", "step"}, known={"within_days"})


def _standing(value: dict[str, Any], scope: rules.Scope, **conditions: Any) -> Q:
    """On the journey, in the stage where one is said; nobody when the map has no such stage any more."""
    journey = Journey.objects.published().select_related("current_version").filter(name=value["journey"]).first()
    if journey is None:
        return rules.NOBODY
    found = Progress.objects.on_journey().filter(journey=journey, customer_id=scope.customer_id, **conditions)
    if "stage" in value:
        key = _stages(journey).get(value["stage"])
        if key is None:
            return rules.NOBODY
        found = found.filter(stage_key=key)
    return Q(Exists(found))


def _compile_reached(value: dict[str, Any], scope: rules.Scope) -> Q:
    journey = Journey.objects.published().select_related("current_version").filter(name=value["journey"]).first()
    key = _steps(journey).get(value["step"]) if journey else None
    if key is None:
        return rules.NOBODY
    found = StepVisit.objects.filter(journey=journey, step_key=key, customer_id=scope.customer_id)
    if "within_days" in value:
        found = found.filter(at__gte=scope.now - timedelta(days=value["within_days"]))
    return Q(Exists(found))


def _overdue_said(value: dict[str, Any]) -> str:
    if "stage" in value:
        return _("is overdue in %(stage)s of %(journey)s") % value
    return _("is overdue on %(journey)s") % value


_JOURNEY = rules.Field(
    "journey",
    gettext_lazy("Journey"),
    "choice",
    is_required=True,
    choices=lambda _: [(j.name, j.name) for j in Journey.objects.published().order_by("name")],
    before=gettext_lazy("of"),
)


def _choices_of(value: dict[str, Any], what: str) -> list[tuple[str, Any]]:
    journeys = Journey.objects.published().select_related("current_version").order_by("name")
    chosen = [j for j in journeys if j.name == value.get("journey")] or list(journeys)
    names = _stages if what == "stage" else _steps
    return [(name, name) for journey in chosen for name in names(journey)]


def _stage_field(*, is_required: bool) -> rules.Field:
    return rules.Field(
        "stage",
        gettext_lazy("Stage"),
        "choice",
        is_required=is_required,
        choices=lambda value: _choices_of(value, "stage"),
        before=gettext_lazy("stage"),
    )


def _journey_name(value: dict[str, Any]) -> list[tuple[str, str]]:
    return [("journey", value["journey"])]


IN_STAGE = rules.Predicate(
    check=_check_in_stage,
    compile=_standing,
    sentence=lambda value: _("in the stage %(stage)s of %(journey)s") % value,
    label=gettext_lazy("In stage"),
    fields=(_JOURNEY, _stage_field(is_required=True)),
    names=_journey_name,
)
OVERDUE = rules.Predicate(
    check=_check_overdue,
    compile=lambda value, scope: _standing(value, scope, is_overdue=True),
    sentence=_overdue_said,
    label=gettext_lazy("Overdue"),
    fields=(_JOURNEY, _stage_field(is_required=False)),
    names=_journey_name,
)
REACHED = rules.Predicate(
    check=_check_reached,
    compile=_compile_reached,
    sentence=lambda value: _("reached %(step)s of %(journey)s") % value + within(value),
    label=gettext_lazy("Reached step"),
    fields=(
        _JOURNEY,
        rules.Field(
            "step",
            gettext_lazy("Step"),
            "choice",
            is_required=True,
            choices=lambda value: _choices_of(value, "step"),
            before=gettext_lazy("step"),
        ),
        WITHIN_DAYS,
    ),
    depends_on_time=is_timed,
    names=_journey_name,
)
