"""The settings of a step as forms, one a kind: each reads them and gives them back."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import StepKind, Way
from apps.campaigns.forms_builder import TIME, names, typed
from apps.campaigns.models import Endpoint
from apps.core.hours import WEEKDAYS
from apps.customers.models import Topic
from apps.feedback.models import ReviewSite, Survey


class WaitForm(forms.Form):
    """Until something happens has its rule beside it."""

    how = forms.ChoiceField(
        label=_("Wait"),
        choices=[
            ("time", _("some time")),
            ("clock", _("until a time of day")),
            ("date", _("until a date of the customer")),
            ("for", _("until something happens")),
        ],
    )
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=3650, required=False)
    hours = forms.IntegerField(label=_("Hours"), min_value=0, max_value=87600, required=False)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=100000, required=False)
    until = forms.TimeField(label=_("Until"), required=False, widget=TIME)
    weekdays = forms.MultipleChoiceField(
        label=_("On"), choices=[(day, day.capitalize()) for day in WEEKDAYS], required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: on any day."),
    )  # fmt: skip
    trait = forms.CharField(label=_("Trait with the date"), max_length=100, required=False)
    offset_days = forms.IntegerField(
        label=_("Days off"), required=False, min_value=-3650, max_value=3650, help_text=_("−7 is a week before.")
    )
    at = forms.TimeField(label=_("At"), required=False, widget=TIME)

    SHOWN = {"time": ("days", "hours", "minutes"), "clock": ("days", "until", "weekdays"),
             "date": ("trait", "offset_days", "at"), "for": ("days", "hours", "minutes")}  # fmt: skip

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        date_of = settings.get("date", {})
        plain = settings.get("at_most", settings)
        how = "for" if "for" in settings else "date" if date_of else "clock" if "until" in settings else "time"
        super().__init__(data, initial={"how": how, "at": "09:00", "until": "10:00", **plain, **date_of})

    def shown(self) -> list[Any]:
        how = self["how"].value()
        return [self[name] for name in self.SHOWN.get(how, ())]

    def part(self) -> dict[str, Any]:
        """Without the rule of `for`."""
        data = self.cleaned_data
        span = {unit: data[unit] for unit in ("days", "hours", "minutes") if data.get(unit)}
        if data["how"] == "for":
            return {"at_most": span or {"days": 1}}
        if data["how"] == "date":
            at = data["at"]
            return {"date": {"trait": data["trait"], "offset_days": data["offset_days"] or 0,
                             "at": f"{at:%H:%M}" if at else "09:00"}}  # fmt: skip
        if data["how"] == "clock":
            until = {"days": data["days"] or 0, "until": f"{data['until']:%H:%M}" if data["until"] else ""}
            return until | ({"weekdays": data["weekdays"]} if data["weekdays"] else {})
        return span or {"minutes": 0}


class SendForm(forms.Form):
    """A message, survey or review request: whom it is about and by what; what it says has a page of its own."""

    channel = forms.ChoiceField(label=_("Channel"), choices=[(w.value, w.label) for w in Way if w.reaches_people])
    topic = forms.ChoiceField(
        label=_("Topic"), help_text=_("Service ignores quiet hours and limits; keep it for what people wait for.")
    )
    survey = forms.ChoiceField(label=_("Survey"), required=False)
    sites = forms.MultipleChoiceField(label=_("Review sites"), required=False, widget=forms.CheckboxSelectMultiple)
    subject = forms.CharField(label=_("Subject"), max_length=500, required=False)
    body = forms.CharField(
        label=_("Text"), max_length=20000, required=False, widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("{{ customer.first_name | default: 'there' }} puts in the name, or the word where none is known."),
    )  # fmt: skip
    at_preferred_time = forms.BooleanField(
        label=_("At the customer’s preferred time"), required=False,
        help_text=_("Where the trait preferred_time says one."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, settings: dict[str, Any], kind: StepKind) -> None:
        super().__init__(data, initial=settings)
        self.settings, self.kind = settings, kind
        topics = Topic.objects.order_by("name").values_list("key", "name")
        self.fields["topic"].choices = [(key, name) for key, name in topics]  # type: ignore[attr-defined]
        if kind is StepKind.SURVEY:
            self.fields["survey"].choices = names(Survey)  # type: ignore[attr-defined]
        else:
            del self.fields["survey"]
        if kind is StepKind.REVIEW_REQUEST:
            self.fields["sites"].choices = names(ReviewSite)[1:]  # type: ignore[attr-defined]
        else:
            del self.fields["sites"]
        if self.has_rich_content:
            del self.fields["body"]

    @property
    def has_rich_content(self) -> bool:
        return bool({"blocks", "mjml"} & set(self.settings))

    def part(self) -> dict[str, Any]:
        data = self.cleaned_data
        said = {**self.settings, **{key: value for key, value in data.items() if value not in ("", None)}}
        for name in ("subject", "body", "at_preferred_time", "survey"):
            if name in data and not data[name]:
                said.pop(name, None)
        return said


class UpdateForm(forms.Form):
    trait = forms.CharField(label=_("Trait"), max_length=100, required=False)
    value = forms.CharField(label=_("New value"), max_length=1000, required=False)
    add_tags = forms.CharField(label=_("Tags to add"), max_length=500, required=False, help_text=_("Between commas."))
    remove_tags = forms.CharField(label=_("Tags to take away"), max_length=500, required=False)

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        traits = settings.get("set", {})
        self.more = dict(list(traits.items())[1:])  # came by the API; kept
        trait, value = next(iter(traits.items()), ("", ""))
        initial = {"trait": trait, "value": value if isinstance(value, str) else json.dumps(value),
                   "add_tags": ", ".join(settings.get("add_tags", [])),
                   "remove_tags": ", ".join(settings.get("remove_tags", []))}  # fmt: skip
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("value") and not data.get("trait"):
            self.add_error("trait", _("Say which trait gets this value."))
        return data

    def part(self) -> dict[str, Any]:
        data = self.cleaned_data
        traits = {**({data["trait"]: typed(data["value"])} if data["trait"] else {}), **self.more}
        said: dict[str, Any] = {"set": traits} if traits else {}
        for name in ("add_tags", "remove_tags"):
            tags = [tag.strip() for tag in data[name].split(",") if tag.strip()]
            if tags:
                said[name] = tags
        return said


class WebhookForm(forms.Form):
    endpoint = forms.ChoiceField(label=_("Endpoint"), help_text=_("Admins make them under Settings, Webhooks."))
    text = forms.CharField(
        label=_("Text"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For chat rooms: what the message says."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        super().__init__(data, initial=settings)
        self.fields["endpoint"].choices = names(Endpoint)  # type: ignore[attr-defined]

    def part(self) -> dict[str, Any]:
        return {key: value for key, value in self.cleaned_data.items() if value}


class TaskForm(forms.Form):
    title = forms.CharField(label=_("Task"), max_length=200)
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    owner = forms.EmailField(label=_("Owner (e-mail)"), required=False, help_text=_("Or a department."))
    department = forms.CharField(label=_("Department"), max_length=100, required=False)
    due_hours = forms.IntegerField(label=_("Due within business hours"), min_value=1, max_value=1000, required=False)

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        super().__init__(data, initial={"due_hours": 16, **settings})

    def part(self) -> dict[str, Any]:
        return {key: value for key, value in self.cleaned_data.items() if value not in ("", None)}


class ExitForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=100, required=False)

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        super().__init__(data, initial=settings)

    def part(self) -> dict[str, Any]:
        return {key: value for key, value in self.cleaned_data.items() if value}
