"""What a campaign does, in plain words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind, TriggerKind, Way
from apps.core import registry, rules
from apps.touchpoints import conditions


def trigger(kind: str, settings: Mapping[str, Any]) -> str:
    """ "When a customer …": without these words."""
    said = _TRIGGERS[TriggerKind(kind)](settings)
    if "key" in settings:
        said += " " + _("(a run for each %(property)s)") % {"property": settings["key"].removeprefix("properties.")}
    return said


def _place(settings: Mapping[str, Any]) -> dict[str, str]:
    """What a draft has not chosen yet is told too."""
    return {
        "stage": settings.get("stage") or _("a stage that is not chosen yet"),
        "step": settings.get("step") or _("a step that is not chosen yet"),
    }


def _scored(settings: Mapping[str, Any]) -> str:
    what = settings.get("survey") or str(settings.get("kind", "")).upper()
    low, high = settings.get("from"), settings.get("to")
    if low is not None and high is not None:
        return _("answers %(survey)s with %(low)s to %(high)s") % {"survey": what, "low": low, "high": high}
    if low is not None:
        return _("answers %(survey)s with %(low)s or more") % {"survey": what, "low": low}
    if high is not None:
        return _("answers %(survey)s with %(high)s or less") % {"survey": what, "high": high}
    return _("answers %(survey)s") % {"survey": what}


def _date(settings: Mapping[str, Any]) -> str:
    words = {"days": abs(settings.get("offset_days", 0)), "trait": settings["trait"], "at": settings.get("at", "09:00")}
    offset = settings.get("offset_days", 0)
    if offset < 0:
        said = ngettext("is %(days)s day before %(trait)s", "is %(days)s days before %(trait)s", -offset) % words
    elif offset > 0:
        said = ngettext("is %(days)s day after %(trait)s", "is %(days)s days after %(trait)s", offset) % words
    else:
        said = _("has %(trait)s today") % words
    return said + ", " + (_("every year at %(at)s") if settings.get("yearly") else _("at %(at)s")) % words


def _schedule(settings: Mapping[str, Any]) -> str:
    if "at" not in settings:
        return _("is in the audience when the campaign starts")
    clock = _("their own clock") if settings.get("clock") == "customer" else _("the company’s clock")
    words: dict[str, str] = {"at": settings["at"].replace("T", " "), "clock": str(clock)}
    every = {
        "day": _("every day from %(at)s, by %(clock)s"),
        "week": _("every week from %(at)s, by %(clock)s"),
        "month": _("every month from %(at)s, by %(clock)s"),
    }
    said = every.get(settings.get("every", "once"), _("at %(at)s, by %(clock)s")) % words
    return _("is in the audience") + " " + said


_TRIGGERS: dict[TriggerKind, Callable[[Mapping[str, Any]], str]] = {
    TriggerKind.STAGE_ENTERED: lambda s: _("enters %(stage)s") % _place(s),
    TriggerKind.STAGE_LEFT: lambda s: _("leaves %(stage)s") % _place(s),
    TriggerKind.OVERDUE: lambda s: _("is overdue in %(stage)s") % _place(s),
    TriggerKind.STEP_REACHED: lambda s: _("reaches %(step)s") % _place(s),
    TriggerKind.EVENT: lambda s: (
        _("does %(what)s") % {"what": conditions.read({k: v for k, v in s.items() if k != "key"}).sentence()}
    ),
    TriggerKind.SCORED: _scored,
    TriggerKind.SEGMENT_ENTERED: lambda s: _("joins the segment %(segment)s") % s,
    TriggerKind.DATE: _date,
    TriggerKind.SCHEDULE: _schedule,
    TriggerKind.MANUAL: lambda _s: _("is chosen by hand"),
}


def step(kind: str, settings: Mapping[str, Any], ways: Sequence[Mapping[str, Any]] = ()) -> str:
    """What a step does, in a line."""
    return _STEPS[StepKind(kind)](settings, ways)


def wait(settings: Mapping[str, Any], ways: Sequence[Mapping[str, Any]] = ()) -> str:
    if "date" in settings:
        date_of = {"at": "09:00", "offset_days": 0, **settings["date"]}
        if date_of["offset_days"]:
            return _("until %(offset_days)s days from %(trait)s, %(at)s") % date_of
        return _("until %(trait)s, %(at)s") % date_of
    if "for" in settings:
        words = {"rule": rules.sentence(settings["for"]), "time": duration(settings.get("at_most", {}))}
        if "at_most" in settings:
            return _("until the customer %(rule)s, at most %(time)s") % words
        return _("until the customer %(rule)s") % words
    return duration(settings)


def duration(settings: Mapping[str, Any]) -> str:
    units: tuple[tuple[str, Callable[[float], str]], ...] = (
        ("days", lambda n: ngettext("%(n)s day", "%(n)s days", int(n))),
        ("hours", lambda n: ngettext("%(n)s hour", "%(n)s hours", int(n))),
        ("minutes", lambda n: ngettext("%(n)s minute", "%(n)s minutes", int(n))),
    )
    parts = [words(settings[unit]) % {"n": settings[unit]} for unit, words in units if settings.get(unit)]
    if settings.get("until"):
        parts.append(_("until %(time)s") % {"time": settings["until"]})
    if settings.get("weekdays"):
        parts.append(_("on %(days)s") % {"days": ", ".join(day.capitalize() for day in settings["weekdays"])})
    return ", ".join(parts) or _("no time")


def _branch(_settings: Mapping[str, Any], ways: Sequence[Mapping[str, Any]]) -> str:
    return " · ".join(f"{way['name']}: {rules.sentence(way['rule'])}" for way in ways if "rule" in way)


def _split(_settings: Mapping[str, Any], ways: Sequence[Mapping[str, Any]]) -> str:
    return " · ".join(f"{way['name']} {way['percent']:g} %" for way in ways)


def _update(settings: Mapping[str, Any], _ways: Sequence[Mapping[str, Any]]) -> str:
    parts = [f"{name} = {value}" for name, value in settings.get("set", {}).items()]
    parts += [f"+ {tag}" for tag in settings.get("add_tags", [])]
    parts += [f"− {tag}" for tag in settings.get("remove_tags", [])]
    return ", ".join(parts)


def _message(settings: Mapping[str, Any], _ways: Sequence[Mapping[str, Any]]) -> str:
    shown = settings.get("subject") or settings.get("body") or ""
    way = settings.get("channel", Way.EMAIL.value)
    said = liquid.in_words(str(shown))
    return said if way == Way.EMAIL else f"{Way(way).label}: {said}"


def _task(settings: Mapping[str, Any], _ways: Sequence[Mapping[str, Any]]) -> str:
    return registry.campaign_steps[StepKind.TASK.value].sentence(settings)


_STEPS: dict[StepKind, Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], str]] = {
    StepKind.WAIT: wait,
    StepKind.BRANCH: _branch,
    StepKind.SPLIT: _split,
    StepKind.MESSAGE: _message,
    StepKind.SURVEY: lambda s, _w: str(s.get("survey", "")),
    StepKind.REVIEW_REQUEST: lambda s, _w: ", ".join(s.get("sites", [])),
    StepKind.TASK: _task,
    StepKind.UPDATE: _update,
    StepKind.WEBHOOK: lambda s, _w: str(s.get("endpoint", "")),
    StepKind.EXIT: lambda s, _w: str(s.get("reason", _("ends here"))),
}
