"""Reads the funnel's parameters, of the page and of the API alike."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.insights.selectors import FunnelQuery


class MomentField(forms.CharField):
    """A date or a date and time in ISO 8601; without a zone, the current one."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            moment = parse_datetime(text)
            day = None if moment else parse_date(text)
        except ValueError:
            moment = day = None
        if day is not None:
            moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - made aware below
        if moment is None:
            raise forms.ValidationError("Use a date such as 2026-11-22.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


class FunnelForm(forms.Form):
    order = forms.ChoiceField(choices=[("ordered", "In order"), ("any", "In any order")], required=False)
    unit = forms.ChoiceField(choices=[("customer", "Customers"), ("session", "Sessions")], required=False)
    window_seconds = forms.IntegerField(min_value=1, max_value=10**9, required=False)
    breakdown = forms.RegexField(r"^properties\.[^.\x00]{1,100}$", required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["from"] = MomentField(required=False)
        self.fields["to"] = MomentField(required=False)
        self.fields["breakdown"].error_messages["invalid"] = "Use properties.KEY, such as properties.platform."

    def query(self) -> FunnelQuery:
        data = self.cleaned_data
        seconds = data["window_seconds"]
        return FunnelQuery(
            start=data["from"],
            end=data["to"],
            order=data["order"] or "ordered",
            unit=data["unit"] or "customer",
            window=timedelta(seconds=seconds) if seconds else None,
            breakdown=data["breakdown"].removeprefix("properties.") or None,
        )
