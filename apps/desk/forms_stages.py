from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.journeys.models import Journey


class StageForm(forms.Form):
    """A stage of a published map, as "JOURNEY:KEY"."""

    stage = forms.ChoiceField(label=_("Stage"))
    note = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands on the timeline."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.journeys = {
            journey.pk: journey
            for journey in Journey.objects.published().select_related("current_version").order_by("name")
        }
        field = self.fields["stage"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", _("Choose a stage")), *self._choices()]

    def _choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return [
            (
                journey.name,
                [(f"{pk}:{stage['key']}", stage["name"]) for stage in journey.current_version.snapshot["stages"]],
            )
            for pk, journey in self.journeys.items()
            if journey.current_version
        ]

    def chosen(self) -> tuple[Journey, str]:
        pk, _colon, key = self.cleaned_data["stage"].partition(":")
        return self.journeys[int(pk)], key
