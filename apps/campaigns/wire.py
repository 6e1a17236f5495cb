"""A campaign as text: checks the JSON of interface.md before anything is written. What this version does not do yet is
refused by name, never taken and ignored."""

from dataclasses import dataclass
from typing import Any

from apps.campaigns import liquid
from apps.campaigns.enums import Reentry, StepKind, TriggerKind
from apps.campaigns.timing import TimingError, check_wait
from apps.core import rules
from apps.core.comparison import RuleError
from apps.customers.models import Topic
from apps.feedback.models import ReviewSite, Survey
from apps.journeys.models import Journey


class CampaignError(ValueError):
    """The text is no valid campaign; says where and how to mend it."""


_KEYS = {
    "name",
    "journey",
    "trigger",
    "audience",
    "reentry",
    "max_lateness_hours",
    "holdout_percent",
    "steps",
    "exit",
    "goal",
}
_MESSAGE_KEYS = {"channel", "topic", "subject", "body"}
_STEP_KEYS = {
    StepKind.MESSAGE: _MESSAGE_KEYS,
    StepKind.SURVEY: {*_MESSAGE_KEYS, "survey"},
    StepKind.REVIEW_REQUEST: {*_MESSAGE_KEYS, "sites"},
}
_DEFAULT_TOPIC = {StepKind.MESSAGE: None, StepKind.SURVEY: "feedback", StepKind.REVIEW_REQUEST: "feedback"}


@dataclass
class StepText:
    kind: StepKind
    settings: dict[str, Any]
    topic: Topic | None


@dataclass
class CampaignText:
    name: str
    journey: Journey
    trigger: TriggerKind
    stage_key: str
    audience: dict[str, Any]
    reentry: Reentry
    cool_down_days: int | None
    max_lateness_hours: float
    steps: list[StepText]
    exit_rule: dict[str, Any]
    goal_rule: dict[str, Any]
    goal_within_days: int | None


def read(data: Any) -> CampaignText:
    _only(data, _KEYS, "The campaign")
    journey = Journey.objects.published().filter(name=_text(data, "journey", "The campaign")).first()
    if journey is None:
        raise CampaignError(f"There is no published journey named {data['journey']!r}.")
    if data.get("holdout_percent"):
        raise CampaignError("holdout_percent is not supported yet; leave it out.")
    trigger, stage_key = _trigger(data.get("trigger"), journey)
    reentry, cool_down_days = _reentry(data.get("reentry", Reentry.ONCE.value))
    goal = data.get("goal") or {}
    _only(goal, {"rule", "within_days"}, "goal")
    steps = data.get("steps")
    if not isinstance(steps, list) or not steps:
        raise CampaignError("A campaign needs at least one step.")
    return CampaignText(
        name=_text(data, "name", "The campaign"),
        journey=journey,
        trigger=trigger,
        stage_key=stage_key,
        audience=_rule(data.get("audience"), "audience"),
        reentry=reentry,
        cool_down_days=cool_down_days,
        max_lateness_hours=_number(data.get("max_lateness_hours", 24), "max_lateness_hours", least=0.01),
        steps=[_step(one, f"Step {n}") for n, one in enumerate(steps, 1)],
        exit_rule=_rule(data.get("exit"), "exit"),
        goal_rule=_rule(goal.get("rule"), "goal"),
        goal_within_days=int(_number(goal["within_days"], "goal", least=1)) if goal.get("within_days") else None,
    )


def _trigger(data: Any, journey: Journey) -> tuple[TriggerKind, str]:
    _only(data, {"on", "stage"}, "trigger")
    if data.get("on") not in TriggerKind.values:
        raise CampaignError(
            f"trigger: {data.get('on')!r} is not supported. Use one of: {', '.join(TriggerKind.values)}."
        )
    stages = {stage["name"]: stage["key"] for stage in journey.current_version.snapshot["stages"]}  # type: ignore[union-attr]
    if data.get("stage") not in stages:
        raise CampaignError(f"trigger: {journey} has no stage {data.get('stage')!r}. It has: {', '.join(stages)}.")
    return TriggerKind(data["on"]), stages[data["stage"]]


def _reentry(value: Any) -> tuple[Reentry, int | None]:
    if isinstance(value, str) and value.startswith("cool_down_days:"):
        days = value.partition(":")[2]
        if days.isdigit() and int(days) > 0:
            return Reentry.COOL_DOWN, int(days)
    elif value in {Reentry.ONCE, Reentry.EVERY_TIME, Reentry.AFTER_EXIT}:
        return Reentry(value), None
    raise CampaignError(f"reentry: unknown {value!r}. Use once, every_time, after_exit or cool_down_days:N.")


def _step(data: Any, where: str) -> StepText:
    if not isinstance(data, dict) or len(data) != 1 or next(iter(data)) not in StepKind.values:
        raise CampaignError(f"{where} must be an object with one of: {', '.join(StepKind.values)}.")
    name, settings = next(iter(data.items()))
    kind = StepKind(name)
    if kind is StepKind.WAIT:
        try:
            check_wait(settings)
        except TimingError as error:
            raise CampaignError(f"{where}: {error}") from error
        return StepText(kind, settings, None)
    return _sending_step(kind, settings, f"{where} ({name})")


def _sending_step(kind: StepKind, settings: Any, where: str) -> StepText:
    _only(settings, _STEP_KEYS[kind], where)
    if settings.get("channel", "email") != "email":
        raise CampaignError(f"{where}: channel {settings['channel']!r} is not supported yet. Use email.")
    key = settings.get("topic", _DEFAULT_TOPIC[kind])
    topic = Topic.objects.filter(key=key).first() if isinstance(key, str) else None
    if topic is None:
        known = ", ".join(Topic.objects.order_by("key").values_list("key", flat=True))
        raise CampaignError(f"{where}: there is no topic {key!r}. Known are: {known}.")
    if kind is StepKind.MESSAGE:
        for name in ("subject", "body"):
            _text(settings, name, where)
    for name in ("subject", "body"):
        if name in settings:
            _template(_text(settings, name, where), f"{where}: {name}")
    _check_names(kind, settings, where)
    return StepText(kind, settings, topic)


def _check_names(kind: StepKind, settings: dict[str, Any], where: str) -> None:
    if kind is StepKind.SURVEY and not Survey.objects.filter(name=settings.get("survey")).exists():
        raise CampaignError(f"{where}: there is no survey {settings.get('survey')!r}.")
    if kind is StepKind.REVIEW_REQUEST:
        sites = settings.get("sites")
        if not isinstance(sites, list) or not sites:
            raise CampaignError(f"{where}: sites must be a list of review sites.")
        for site in sites:
            if not isinstance(site, str) or not ReviewSite.objects.filter(name=site).exists():
                raise CampaignError(f"{where}: there is no review site {site!r}. Add it in the admin first.")


def _template(source: str, where: str) -> None:
    try:
        liquid.check(source)
    except liquid.TemplateError as error:
        raise CampaignError(f"{where}: {error}") from error


def _rule(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        rules.check(value)
    except RuleError as error:
        raise CampaignError(f"{where}: {error}") from error
    return dict(value)


def _only(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, dict):
        raise CampaignError(f"{where} must be an object.")
    unknown = sorted(set(data) - keys)
    if unknown:
        raise CampaignError(f"{where}: unknown or not supported: {unknown[0]!r}. Known are: {', '.join(sorted(keys))}.")


def _text(data: dict[str, Any], name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise CampaignError(f"{where}: {name} must be a text that is not empty.")
    return value.strip()


def _number(value: Any, where: str, *, least: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= 10**6:
        raise CampaignError(f"{where} must be a number of at least {least}.")
    return float(value)
