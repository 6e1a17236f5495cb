from datetime import datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Touchpoint

_COMMON = ["Store visit", "Call", "E-mail received", "Chat", "Complaint", "Question Asked"]
OLDEST = timedelta(days=3650)


def past(at: datetime, *, now: datetime) -> datetime:
    """When something happened, as somebody says. Raises ValidationError."""
    if at > now + timedelta(minutes=1):
        raise ValidationError(_("This lies in the future. Choose when it happened."))
    if at < now - OLDEST:
        raise ValidationError(_("This is more than ten years ago. Check the year."))
    return min(at, now)


class LogInteractionForm(forms.Form):
    """An interaction logged by hand."""

    event = forms.CharField(
        label=_("What happened"),
        max_length=200,
        help_text=_("Such as “Store visit” or “Call”. Steps of a journey are reached by this name."),
        widget=forms.TextInput(attrs={"list": "events", "autocomplete": "off"}),
    )
    by = forms.ChoiceField(
        label=_("Who did it"),
        choices=[(By.CUSTOMER, _("The customer")), (By.COMPANY, _("We"))],
        initial=By.CUSTOMER,
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.PHONE)
    touchpoint = forms.ModelChoiceField(
        label=_("Touchpoint"),
        queryset=Touchpoint.objects.order_by("name"),
        required=False,
        empty_label=_("None"),
    )
    at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    suggestions = _COMMON

    def clean_at(self) -> datetime:
        return past(self.cleaned_data["at"], now=timezone.now())
