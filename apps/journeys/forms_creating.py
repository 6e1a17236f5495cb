from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.customers.models import Persona, Segment
from apps.journeys import library
from apps.journeys.models import Journey

EMPTY, COPY = "empty", "copy"


class NewMapForm(forms.Form):
    """`start` is "set:KEY", "template:KEY", "copy" or "empty"; the page draws it as cards."""

    start = forms.ChoiceField(
        label=gettext_lazy("How to start"),
        error_messages={
            "required": gettext_lazy("Choose how to start."),
            "invalid_choice": gettext_lazy("There is no such start. Choose one of these."),
        },
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the map"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give the map a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    of = forms.ModelChoiceField(
        label=gettext_lazy("The map to copy"),
        queryset=Journey.objects.order_by("name"),
        empty_label=gettext_lazy("Choose a map"),
        error_messages={"required": gettext_lazy("Choose the map to copy.")},
    )
    is_variant = forms.BooleanField(
        label=gettext_lazy("Keep it as a variant of that map"),
        help_text=gettext_lazy("It stays linked to its original and stands under it in the list."),
        required=False,
    )
    segment = forms.ModelChoiceField(
        label=gettext_lazy("For the segment"),
        queryset=Segment.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("No segment"),
    )
    persona = forms.ModelChoiceField(
        label=gettext_lazy("For the persona"),
        queryset=Persona.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("The persona of the original"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [f"set:{one.key}" for one in library.SETS] + [f"template:{one.key}" for one in library.templates()]
        field = self.fields["start"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(key, key) for key in [*keys, COPY, EMPTY]]
        self.fields["of"].required = not self.is_bound or self.data.get("start") == COPY

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        is_variant = given.get("start") == COPY and given.get("is_variant")
        if is_variant and not (given.get("segment") or given.get("persona")):
            self.add_error("segment", _("Say for which segment or persona the variant is."))
        return given
