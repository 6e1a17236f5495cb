from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.models import CompanySettings
from apps.staff import currencies
from apps.staff.actions import company
from apps.staff.enums import Role, Scope
from apps.staff.hours import WEEKDAYS
from apps.staff.models import Department, Invite, User, check_time_zone


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        validators=[check_time_zone],
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Of the company's days and due times, and of customers whose own zone nobody knows. Such as Europe/Berlin."
        ),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currencies.CHOICES)

    class Meta:
        model = CompanySettings
        fields = [name for name in company.FIELDS if name != "business_hours"]
        widgets = {
            "postal_address": forms.Textarea(attrs={"rows": 4}),
            "quiet_from": _time(),
            "quiet_until": _time(),
            "sms_quiet_from": _time(),
            "sms_quiet_until": _time(),
        }
        labels = {
            "most_messages_a_day": gettext_lazy("Most messages a day"),
            "most_messages_a_week": gettext_lazy("Most messages a week"),
            "asks_every_days": gettext_lazy("Ask at most every"),
            "holds_for_cases": gettext_lazy("Hold messages while a case is open"),
            "keep_interactions_days": gettext_lazy("Keep interactions for"),
            "former_after_days": gettext_lazy("Former after"),
        }
        help_texts = {
            "sender_name": gettext_lazy("Stands in the inbox beside the subject. Without it, the company's name."),
            "sender_email": gettext_lazy("Messages to customers and mails to staff come from this address."),
            "most_messages_a_day": gettext_lazy("To one customer. Empty: no limit."),
            "most_messages_a_week": gettext_lazy("To one customer. Empty: no limit."),
            "sms_quiet_from": gettext_lazy("For SMS only, where the law asks for more. Empty: as above."),
            "asks_every_days": gettext_lazy(
                "Days between two surveys or review requests to one customer. Empty: no limit."
            ),
            "holds_for_cases": gettext_lazy("Service messages still go."),
            "keep_interactions_days": gettext_lazy("Days, at least 30. Empty: for ever."),
            "former_after_days": gettext_lazy("Days without a purchase after which a customer counts as former."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, label in WEEKDAYS.items():
            hours = self.instance.business_hours.get(day, ["", ""])
            for part, value, words in zip(
                ("opens", "closes"), hours, (_("%(day)s from"), _("%(day)s until")), strict=True
            ):
                self.fields[f"{day}_{part}"] = forms.TimeField(
                    label=words % {"day": label}, required=False, initial=value, widget=_time()
                )

    def days(self) -> Iterator[tuple[str, BoundField, BoundField]]:
        for day, label in WEEKDAYS.items():
            yield str(label), self[f"{day}_opens"], self[f"{day}_closes"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        hours: dict[str, list[str]] = {}
        for day in WEEKDAYS:
            opens, closes = data.get(f"{day}_opens"), data.get(f"{day}_closes")
            if opens and closes and closes <= opens:
                self.add_error(f"{day}_closes", _("Closing must be later than opening."))
            elif bool(opens) != bool(closes) and not {f"{day}_opens", f"{day}_closes"} & set(self.errors):
                self.add_error(f"{day}_closes", _("Say both times, or leave both empty for a closed day."))
            elif opens and closes:
                hours[day] = [f"{opens:%H:%M}", f"{closes:%H:%M}"]
        return data | {"business_hours": hours}

    def validate_constraints(self) -> None:
        """company.check says the same in better words."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        try:
            company.check(self.instance)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                if name in self.fields and name not in self.errors:
                    self.add_error(name, texts)

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in company.FIELDS}


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Invite
        fields = ["email", "name", "role", "department"]
        help_texts = {"role": gettext_lazy("What each role may do stands below; it can be changed later.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _by_name(self.fields["department"])
        self.fields["role"].initial = Role.AGENT
        self.fields["role"].choices = Role.choices  # type: ignore[attr-defined]

    def validate_constraints(self) -> None:
        """An invitation that waits is replaced by the new one."""


class UserForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    department = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        queryset=Department.objects.order_by("name", "pk"),
        required=False,
        empty_label=gettext_lazy("None"),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("May sign in"),
        required=False,
        help_text=gettext_lazy("Without it every session of this person ends at once."),
    )


class DepartmentForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Department
        fields = ["name", "description"]
        error_messages = {"name": {"unique": gettext_lazy("There is a department of this name. Choose another.")}}


class JoinForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least ten characters; a few words are easiest to remember."),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("password"):
            try:
                validate_password(data["password"], User(email=self._email, name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("What will use it, such as “Shop backend”. It stands in the audit."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=[(scope.value, scope.help) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )


class OwnForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        validators=[check_time_zone],
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=gettext_lazy("All times are shown in it. Empty: UTC."),
    )

    class Meta:
        model = User
        fields = ["name", "time_zone", "wants_mail"]
        labels = {"wants_mail": gettext_lazy("Send me notices by e-mail too")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True


def _by_name(field: forms.Field) -> None:
    field.queryset = Department.objects.order_by("name", "pk")  # type: ignore[attr-defined]
    field.empty_label = gettext_lazy("None")  # type: ignore[attr-defined]
