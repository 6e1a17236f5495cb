"""The trigger of a campaign as text."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.campaigns import checking
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import TriggerKind
from apps.campaigns.timing import TimingError, check_clock
from apps.core.comparison import RuleError
from apps.customers.models import Segment
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey
from apps.journeys.models import Journey
from apps.touchpoints import conditions

_KEYS = {
    TriggerKind.STAGE_ENTERED: {"stage"},
    TriggerKind.STAGE_LEFT: {"stage"},
    TriggerKind.OVERDUE: {"stage"},
    TriggerKind.STEP_REACHED: {"step"},
    TriggerKind.EVENT: set(conditions.KEYS),
    TriggerKind.SCORED: {"survey", "kind", "from", "to"},
    TriggerKind.SEGMENT_ENTERED: {"segment"},
    TriggerKind.DATE: {"trait", "offset_days", "at", "yearly"},
    TriggerKind.SCHEDULE: {"at", "clock", "every"},
    TriggerKind.MANUAL: set(),
}
CLOCKS = ("company", "customer")
EVERY = ("once", "day", "week", "month")


@dataclass
class Trigger:
    """`settings` has the names of what it refers to; `stage_key` and `step_key` are those of the published map."""

    kind: TriggerKind
    settings: dict[str, Any] = field(default_factory=dict)
    stage_key: str | None = None


def read(data: Any, journey: Journey | None) -> Trigger:
    if not isinstance(data, dict) or data.get("on") not in TriggerKind.values:
        said = data.get("on") if isinstance(data, dict) else data
        raise CampaignError(f"trigger: {said!r} is not supported. Use one of: {', '.join(TriggerKind.values)}.")
    kind = TriggerKind(data["on"])
    settings = {key: value for key, value in data.items() if key != "on"}
    checking.only(settings, _KEYS[kind] | ({"key"} if kind.may_have_key else set()), "trigger")
    if kind.needs_journey and journey is None:
        raise CampaignError(_without_journey(kind))
    if "key" in settings:
        _check_key(settings["key"])
    stage_key = _READERS[kind](settings, journey) if kind in _READERS else None
    return Trigger(kind, settings, stage_key)


def _without_journey(kind: TriggerKind) -> str:
    published = ", ".join(Journey.objects.published().order_by("name").values_list("name", flat=True))
    if published:
        return f"trigger: {kind.value} needs a journey. Say which: {published}."
    return f"trigger: {kind.value} needs a journey, and none is published yet. Publish one, or choose another trigger."


def _check_key(value: Any) -> None:
    if not isinstance(value, str) or not value.startswith("properties.") or len(value) > 120 or "\x00" in value:
        raise CampaignError('trigger: key names a property of the interaction, such as "properties.order_id".')


def _stages(journey: Journey) -> list[dict[str, Any]]:
    return list(journey.current_version.snapshot["stages"]) if journey.current_version else []


def _stage(settings: dict[str, Any], journey: Journey | None) -> str:
    assert journey is not None  # noqa: S101 - checked by the caller
    stages = {stage["name"]: stage["key"] for stage in _stages(journey)}
    if not settings.get("stage"):
        raise CampaignError(f"trigger: choose a stage of {journey}. It has: {', '.join(stages)}.")
    if not isinstance(settings.get("stage"), str) or settings["stage"] not in stages:
        raise CampaignError(f"trigger: {journey} has no stage {settings.get('stage')!r}. It has: {', '.join(stages)}.")
    return str(stages[settings["stage"]])


def _step(settings: dict[str, Any], journey: Journey | None) -> str:
    """The key of the step stands in the settings, that of its stage is the answer."""
    assert journey is not None  # noqa: S101 - checked by the caller
    steps = {step["name"]: (step["key"], stage["key"]) for stage in _stages(journey) for step in stage["steps"]}
    if not settings.get("step"):
        raise CampaignError(f"trigger: choose a step of {journey}. It has: {', '.join(steps)}.")
    if not isinstance(settings.get("step"), str) or settings["step"] not in steps:
        raise CampaignError(f"trigger: {journey} has no step {settings.get('step')!r}. It has: {', '.join(steps)}.")
    settings["step_key"], stage_key = steps[settings["step"]]
    return str(stage_key)


def _event(settings: dict[str, Any], journey: Journey | None) -> None:
    try:
        conditions.check({key: value for key, value in settings.items() if key != "key"}, where="trigger")
    except RuleError as error:
        raise CampaignError(str(error)) from error
    checking.text(settings, "event", "trigger")


def _scored(settings: dict[str, Any], journey: Journey | None) -> None:
    if ("survey" in settings) == ("kind" in settings):
        raise CampaignError("trigger: scored needs a survey, or a kind such as nps.")
    if "survey" in settings and not _there(Survey, settings["survey"]):
        raise CampaignError(f"trigger: there is no survey {settings['survey']!r}.")
    if "kind" in settings and settings["kind"] not in SurveyKind.values:
        raise CampaignError(f"trigger: kind must be one of: {', '.join(SurveyKind.values)}.")
    for name in ("from", "to"):
        if name in settings:
            checking.whole(settings[name], f"trigger: {name}", least=0, most=10)


def _segment(settings: dict[str, Any], journey: Journey | None) -> None:
    if not settings.get("segment"):
        raise CampaignError("trigger: choose a segment.")
    if not _there(Segment, settings.get("segment")):
        raise CampaignError(f"trigger: there is no segment {settings.get('segment')!r}.")


def _there(model: Any, name: Any) -> bool:
    return isinstance(name, str) and "\x00" not in name and bool(model.objects.filter(name=name).exists())


def _date(settings: dict[str, Any], journey: Journey | None) -> None:
    checking.text(settings, "trait", "trigger")
    checking.whole(settings.get("offset_days", 0), "trigger: offset_days", least=-366, most=366)
    checking.flag(settings.get("yearly", False), "trigger: yearly")
    try:
        check_clock(settings.get("at", "09:00"), "trigger: at")
    except TimingError as error:
        raise CampaignError(str(error)) from error


def _schedule(settings: dict[str, Any], journey: Journey | None) -> None:
    if settings.get("clock", "company") not in CLOCKS:
        raise CampaignError(f"trigger: clock must be one of: {', '.join(CLOCKS)}.")
    if settings.get("every", "once") not in EVERY:
        raise CampaignError(f"trigger: every must be one of: {', '.join(EVERY)}.")
    if "at" not in settings:
        if settings.get("every", "once") != "once":
            raise CampaignError("trigger: what comes again needs a first time. Say at.")
        return
    try:
        moment = datetime.fromisoformat(settings["at"])
    except (TypeError, ValueError) as error:
        raise CampaignError('trigger: at must be a local date and time such as "2026-12-01T10:00".') from error
    if moment.tzinfo is not None:
        raise CampaignError("trigger: at is a local time; say without zone, and whose clock by clock.")


_READERS = {
    TriggerKind.STAGE_ENTERED: _stage,
    TriggerKind.STAGE_LEFT: _stage,
    TriggerKind.OVERDUE: _stage,
    TriggerKind.STEP_REACHED: _step,
    TriggerKind.EVENT: _event,
    TriggerKind.SCORED: _scored,
    TriggerKind.SEGMENT_ENTERED: _segment,
    TriggerKind.DATE: _date,
    TriggerKind.SCHEDULE: _schedule,
}
