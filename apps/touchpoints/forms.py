from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.comparison import RuleError
from apps.touchpoints import matching
from apps.touchpoints.enums import Channel, SourceKind
from apps.touchpoints.models import Source, Touchpoint


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (SourceKind.BROWSER, _("A web site (the key is public)")),
            (SourceKind.SERVER, _("A server")),
        ],
        help_text=_("A browser's key can add interactions, and never change who somebody is."),
    )

    class Meta:
        model = Source
        fields = ["name", "kind"]
        help_texts = {"name": _("Such as “Web shop” or “Shop backend”.")}
        error_messages = {"name": {"unique": _("There is a source of this name. Choose another.")}}


class TouchpointForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Touchpoint
        fields = ["name", "channel", "ownership", "description", "is_direct", "is_moment_of_truth"]
        labels = {
            "ownership": _("Whose it is"),
            "is_direct": _("Direct: the customer deals with us there"),
            "is_moment_of_truth": _("Moment of truth: here it is decided what they think of us"),
        }
        help_texts = {
            "name": _("Such as “Checkout” or “Berlin store”. Steps of a journey can match by this name."),
            "ownership": _("Owned: our site, our mail. Earned: reviews, search, press. Paid: advertisements."),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        error_messages = {"name": {"unique": _("There is a touchpoint of this name. Choose another.")}}


class EntryForm(forms.Form):
    """One rule: what is filled in must all hold. An empty one is passed over."""

    event = forms.CharField(
        label=_("Event"),
        required=False,
        max_length=matching.MAX_VALUE,
        widget=forms.TextInput(attrs={"list": "seen-events", "autocomplete": "off"}),
    )
    url = forms.CharField(
        label=_("Page"),
        required=False,
        max_length=matching.MAX_VALUE,
        widget=forms.TextInput(attrs={"placeholder": "/checkout*", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", _("Any")), *Channel.choices])
    referrer = forms.CharField(
        label=_("Came from"),
        required=False,
        max_length=matching.MAX_VALUE,
        widget=forms.TextInput(attrs={"placeholder": "google.com", "autocomplete": "off"}),
    )
    utm_source = forms.CharField(label="utm_source", required=False, max_length=matching.MAX_VALUE)
    utm_medium = forms.CharField(label="utm_medium", required=False, max_length=matching.MAX_VALUE)
    utm_campaign = forms.CharField(label="utm_campaign", required=False, max_length=matching.MAX_VALUE)

    def clean_url(self) -> str:
        return _checked("url", self.cleaned_data["url"])

    def clean_referrer(self) -> str:
        return _checked("referrer", self.cleaned_data["referrer"])

    @property
    def rule(self) -> dict[str, str]:
        cleaned = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return {name: cleaned[name] for name in matching.CONDITIONS if cleaned.get(name)}


def _checked(name: str, value: str) -> str:
    try:
        return matching.read_value(name, value)
    except RuleError as error:
        raise ValidationError(str(error)) from error


_PREFIX = "rule"
_EntryForms = forms.formset_factory(EntryForm, extra=0, max_num=matching.MAX_ENTRIES, absolute_max=matching.MAX_ENTRIES)


class Editor:
    """The form of a touchpoint with the forms of its rules. `typed` is what the page sent, kept as it is while rules
    are added and removed (`change`), and read when it is saved."""

    def __init__(self, touchpoint: Touchpoint, *, typed: QueryDict | None, initial: QueryDict) -> None:
        self.touchpoint = touchpoint
        self.typed = typed
        self.form = TouchpointForm(typed, instance=touchpoint, initial=_first(initial, TouchpointForm.Meta.fields))
        asked = _first(initial, (name for name in matching.CONDITIONS if name != "channel"))  # that is the touchpoint's
        stored = touchpoint.rules or [asked]
        self.entries = _EntryForms(typed, prefix=_PREFIX, initial=stored)

    def change(self, op: str) -> None:
        """`add`, `remove-2` or anything else, which leaves the rules as they were typed. Shows no mistakes yet."""
        if self.typed is None:
            return
        rows = _typed_rows(self.typed)
        if op == "add":
            rows.append({})
        elif op.startswith("remove-") and op[7:].isdecimal() and len(op) < 12:
            rows = [row for number, row in enumerate(rows) if number != int(op[7:])]
        values = {name: self.typed.get(name, "") for name in TouchpointForm.Meta.fields}
        flags = {name: name in self.typed for name in ("is_direct", "is_moment_of_truth")}
        self.form = TouchpointForm(instance=self.touchpoint, initial={**values, **flags})
        self.entries = _EntryForms(prefix=_PREFIX, initial=rows[: matching.MAX_ENTRIES] or [{}])

    def is_valid(self) -> bool:
        """Looks at both, so that all mistakes show at once."""
        return all([self.form.is_valid(), self.entries.is_valid()])

    @property
    def has_wrong_rules(self) -> bool:
        return self.entries.is_bound and not self.entries.is_valid()

    @property
    def rules(self) -> matching.Rules:
        """Those of the rules as they stand that can be read."""
        rows = _typed_rows(self.typed) if self.typed is not None else [form.initial for form in self.entries]
        return [rule for row in rows if (rule := EntryForm(row).rule)]

    def result(self) -> Touchpoint:
        """As typed, not yet saved."""
        self.touchpoint.rules = self.rules
        return self.touchpoint


def _first(values: QueryDict, names: Iterable[str]) -> dict[str, str]:
    return {name: str(values[name])[: matching.MAX_VALUE] for name in names if name in values}


def _typed_rows(typed: QueryDict) -> list[dict[str, str]]:
    total = typed.get(f"{_PREFIX}-TOTAL_FORMS", "")
    count = min(int(total), matching.MAX_ENTRIES) if total.isdecimal() and len(total) < 5 else 0
    return [{name: typed.get(f"{_PREFIX}-{n}-{name}", "") for name in matching.CONDITIONS} for n in range(count)]
