"""The parts of a campaign as forms: each reads a piece of the draft and gives it back. What makes no sense together is
told by wire.py, in the same words as by the API."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import Reentry, TriggerKind
from apps.campaigns.wire_triggers import CLOCKS, EVERY
from apps.core.comparison import OPERATORS
from apps.customers.models import Segment
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey
from apps.journeys.models import Journey
from apps.touchpoints import suggestions

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def names(model: Any, blank: Any = None) -> list[tuple[str, Any]]:
    found = [(name, name) for name in model.objects.order_by("name").values_list("name", flat=True)]
    return [("", blank or _("Choose")), *found]


class NewCampaignForm(forms.Form):
    """A recipe, fitted to a stage."""

    name = forms.CharField(label=_("Name"), max_length=200)
    stage = forms.ChoiceField(label=_("When a customer enters"), required=False)

    def __init__(self, *args: Any, stages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stages:
            self.fields["stage"].choices = [("", _("Choose later")), *stages]  # type: ignore[attr-defined]
        else:
            del self.fields["stage"]


class TriggerForm(forms.Form):
    """One form for all kinds; the page shows the fields of the chosen one."""

    on = forms.ChoiceField(label=_("When a customer"), choices=TriggerKind.choices)
    journey = forms.ChoiceField(label=_("Journey"), required=False)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    step = forms.ChoiceField(label=_("Step"), required=False)
    event = forms.CharField(label=_("Event"), max_length=200, required=False)
    path = forms.CharField(label=_("Property"), max_length=120, required=False)
    operator = forms.ChoiceField(label=_("Comparison"), choices=[(o, o) for o in OPERATORS], required=False)
    value = forms.CharField(label=_("Value"), max_length=500, required=False)
    survey = forms.ChoiceField(label=_("Survey"), required=False)
    kind = forms.ChoiceField(
        label=_("Or any of the kind"), choices=[("", _("none")), *SurveyKind.choices], required=False
    )
    low = forms.IntegerField(label=_("From"), min_value=0, max_value=10, required=False)
    high = forms.IntegerField(label=_("To"), min_value=0, max_value=10, required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    trait = forms.CharField(label=_("Trait with the date"), max_length=100, required=False)
    offset_days = forms.IntegerField(
        label=_("Days off"), min_value=-366, max_value=366, required=False, help_text=_("−7 is a week before.")
    )
    clock_at = forms.TimeField(label=_("At"), required=False, widget=TIME)
    yearly = forms.BooleanField(label=_("Every year"), required=False)
    at = forms.DateTimeField(
        label=_("At"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: as soon as the campaign starts."),
    )
    clock = forms.ChoiceField(
        label=_("By the clock of"),
        choices=[(CLOCKS[0], _("the company")), (CLOCKS[1], _("each customer"))],
        required=False,
    )
    every = forms.ChoiceField(
        label=_("Again"),
        choices=list(zip(EVERY, (_("never"), _("every day"), _("every week"), _("every month")), strict=True)),
        required=False,
    )
    key = forms.CharField(
        label=_("A run for each"),
        max_length=100,
        required=False,
        help_text=_("A property of the interaction, such as order_id. Empty: as re-entry says."),
    )

    SHOWN = {
        TriggerKind.STAGE_ENTERED: ("journey", "stage", "key"),
        TriggerKind.STAGE_LEFT: ("journey", "stage"),
        TriggerKind.OVERDUE: ("journey", "stage"),
        TriggerKind.STEP_REACHED: ("journey", "step", "key"),
        TriggerKind.EVENT: ("event", "path", "operator", "value", "key"),
        TriggerKind.SCORED: ("survey", "kind", "low", "high", "key"),
        TriggerKind.SEGMENT_ENTERED: ("segment",),
        TriggerKind.DATE: ("trait", "offset_days", "clock_at", "yearly"),
        TriggerKind.SCHEDULE: ("at", "clock", "every"),
        TriggerKind.MANUAL: (),
    }

    def __init__(self, data: Any = None, *, draft: dict[str, Any]) -> None:
        super().__init__(data, initial=_trigger_initial(draft))
        self.draft = draft
        chosen = self["journey"].value() or ""
        snapshot = _snapshot(chosen)
        self._choose("journey", names(Journey.objects.published().model, _("None")))
        self._choose("stage", [("", _("Choose")), *((s["name"], s["name"]) for s in snapshot)])
        self._choose("step", [("", _("Choose")), *((t["name"], t["name"]) for s in snapshot for t in s["steps"])])
        self._choose("survey", names(Survey))
        self._choose("segment", names(Segment))
        kind = self["on"].value()
        self.chosen = TriggerKind(kind) if kind in TriggerKind.values else TriggerKind.MANUAL

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        value = self[name].value()
        known = [one for one, _label in choices]
        extra = [(value, value)] if value and value not in known else []
        self.fields[name].choices = [*choices, *extra]  # type: ignore[attr-defined]

    def shown(self) -> list[Any]:
        return [self[name] for name in self.SHOWN[self.chosen]]

    def suggested_events(self) -> list[str]:
        return [value for value, _label in suggestions.events()] if self.chosen is TriggerKind.EVENT else []

    def part(self) -> dict[str, Any]:
        """The journey and the trigger of the draft."""
        data, kind = self.cleaned_data, self.chosen
        said: dict[str, Any] = {"on": kind.value}
        for name in self.SHOWN[kind]:
            if name not in {"journey", "path", "operator", "value", "clock_at", "at", "low", "high", "key"}:
                value = data.get(name)
                if value not in (None, "", False):
                    said[name] = value
        said |= _more_of_trigger(kind, data)
        if data.get("key") and "key" in self.SHOWN[kind]:
            said["key"] = "properties." + data["key"].removeprefix("properties.")
        return {"trigger": said, "journey": data.get("journey") or None}


def _more_of_trigger(kind: TriggerKind, data: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if kind is TriggerKind.EVENT and data.get("path"):
        path = "properties." + data["path"].removeprefix("properties.")
        said["where"] = [[path, data.get("operator") or "=", typed(data.get("value", ""))]]
    if kind is TriggerKind.SCORED:
        said |= {name: data[field] for name, field in (("from", "low"), ("to", "high")) if data.get(field) is not None}
    if kind is TriggerKind.DATE and data.get("clock_at"):
        said["at"] = f"{data['clock_at']:%H:%M}"
    if kind is TriggerKind.SCHEDULE and data.get("at"):
        said["at"] = f"{data['at']:%Y-%m-%dT%H:%M}"
    return said


def typed(text: str) -> Any:
    """A number, true, false or quoted text as JSON says it; anything else is the text itself."""
    try:
        return json.loads(text, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return text.strip()


def _snapshot(journey: str) -> list[dict[str, Any]]:
    found = Journey.objects.published().select_related("current_version").filter(name=journey).first()
    return list(found.current_version.snapshot["stages"]) if found and found.current_version else []


def _trigger_initial(draft: dict[str, Any]) -> dict[str, Any]:
    said = dict(draft.get("trigger", {}))
    found = {**said, "journey": draft.get("journey") or "", "low": said.get("from"), "high": said.get("to")}
    found["key"] = str(said.get("key", "")).removeprefix("properties.")
    if said.get("on") == TriggerKind.DATE:
        found["clock_at"] = said.get("at", "09:00")
    if said.get("where"):
        path, operator, value = said["where"][0]
        found |= {"path": path.removeprefix("properties."), "operator": operator,
                  "value": value if isinstance(value, str) else json.dumps(value)}  # fmt: skip
    return found


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    reentry = forms.ChoiceField(
        label=_("The same customer again"),
        choices=Reentry.choices,
        help_text=_("Where the trigger names a property, each value of it has one run in any case."),
    )
    cool_down_days = forms.IntegerField(
        label=_("Cool-down in days"), min_value=1, max_value=36500, required=False,
        help_text=_("For “again after a cool-down”."),
    )  # fmt: skip
    max_lateness_hours = forms.FloatField(
        label=_("Hours after which it is too late to begin"), min_value=0.01, max_value=100000,
        help_text=_("What is heard of later, such as by a late event, enrols nobody."),
    )  # fmt: skip
    recheck_audience = forms.BooleanField(label=_("Look at the audience again before each message"), required=False)
    priority = forms.IntegerField(
        label=_("Priority"), min_value=1, max_value=9,
        help_text=_("1 to 9. Where a customer’s limits leave room for one message, the higher goes first."),
    )  # fmt: skip
    holdout_percent = forms.IntegerField(
        label=_("Hold out"), min_value=0, max_value=90,
        help_text=_("Percent who get nothing, so that you see what the campaign changes. 10 is a good start."),
    )  # fmt: skip
    goal_within_days = forms.IntegerField(
        label=_("The goal counts within days"), min_value=1, max_value=3650, required=False
    )

    def __init__(self, data: Any = None, *, draft: dict[str, Any]) -> None:
        reentry, _colon, days = str(draft.get("reentry", Reentry.ONCE.value)).partition(":")
        goal = draft.get("goal") or {}
        initial = {
            "name": draft.get("name"), "reentry": "cool_down" if days else reentry, "cool_down_days": days or None,
            "max_lateness_hours": draft.get("max_lateness_hours", 24), "priority": draft.get("priority", 5),
            "recheck_audience": draft.get("recheck_audience", False),
            "holdout_percent": draft.get("holdout_percent", 0), "goal_within_days": goal.get("within_days"),
        }  # fmt: skip
        super().__init__(data, initial=initial)
        self._goal = goal

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("reentry") == Reentry.COOL_DOWN and not data.get("cool_down_days"):
            self.add_error("cool_down_days", _("Say how many days."))
        return data

    def part(self) -> dict[str, Any]:
        data = self.cleaned_data
        again = f"cool_down_days:{data['cool_down_days']}" if data["reentry"] == Reentry.COOL_DOWN else data["reentry"]
        goal = {key: value for key, value in self._goal.items() if key != "within_days"}
        if goal and data["goal_within_days"]:
            goal["within_days"] = data["goal_within_days"]
        return {
            "name": data["name"].strip(), "reentry": again, "max_lateness_hours": data["max_lateness_hours"],
            "recheck_audience": data["recheck_audience"] or None, "priority": data["priority"],
            "holdout_percent": data["holdout_percent"], "goal": goal or None,
        }  # fmt: skip
