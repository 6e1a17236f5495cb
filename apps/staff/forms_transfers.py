from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.transfers import Importer, Option, missing, own_column, target_of_own

REMEMBERED = 100


def option_field(option: Option) -> forms.Field:
    """An option of an import or export as a field."""
    label = str(option.label)
    if option.choices is not None:
        choices = [("", _("Everything")), *option.choices()]
        return forms.ChoiceField(label=label, help_text=str(option.help), choices=choices, required=False)
    if option.is_date:
        widget = forms.DateInput(attrs={"type": "date"})
        words = _("Write a day such as 2026-11-22.")
        return forms.DateField(
            label=label, help_text=str(option.help), required=False, widget=widget, error_messages={"invalid": words}
        )
    return forms.CharField(label=label, help_text=str(option.help), initial=option.initial, max_length=100)


class _WithOptions(forms.Form):
    def __init__(self, *args: Any, options: tuple[Option, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keys = [option.key for option in options]
        for option in options:
            self.fields[option.key] = option_field(option)

    @property
    def option_fields(self) -> list[forms.BoundField]:
        return [self[key] for key in self._keys]

    def options(self) -> dict[str, str]:
        return {key: str(self.cleaned_data[key] or "") for key in self._keys}


class UploadForm(_WithOptions):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 200 MB and 2 million rows, names of columns in the first row."),
        error_messages={"required": _("Choose a file, then go on."), "empty": _("The file is empty.")},
    )


class ExportForm(_WithOptions):
    form = forms.ChoiceField(
        label=_("Format"),
        choices=[("xlsx", _("Excel (XLSX)")), ("csv", _("CSV"))],
        widget=forms.RadioSelect,
        initial="xlsx",
        help_text=_("XLSX holds up to a million rows; CSV any number."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("Choose a day that is not before the first one."))
        return cleaned


class MappingForm(forms.Form):
    """One choice for each column of the file."""

    name = forms.CharField(
        label=_("Remember these choices as"),
        max_length=REMEMBERED,
        required=False,
        help_text=_("They are offered again for the next file with these columns."),
    )

    def __init__(self, *args: Any, importer: Importer[Any], header: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._importer, self._header = importer, header
        targets = [(column.key, str(column.label)) for column in importer.columns]
        for place, name in enumerate(header):
            choices: list[tuple[str, Any]] = [("", _("Leave out")), *targets]
            if importer.extra:
                words = _("Keep as %(what)s “%(name)s”") % {"what": importer.extra, "name": _short(name)}
                choices.append((target_of_own(name), words))
            self.fields[f"column_{place}"] = forms.ChoiceField(label=name, choices=choices, required=False)

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[f"column_{place}"] for place in range(len(self._header))]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first: dict[str, str] = {}
        for place, name in enumerate(self._header):
            target = cleaned.get(f"column_{place}")
            if target and target in first:
                words = _("“%(name)s” is this already. Choose one of the two.") % {"name": first[target]}
                self.add_error(f"column_{place}", words)
            elif target:
                first[target] = name
        for group in missing(first, self._importer):
            self.add_error(None, _("Say which column is: %(group)s.") % {"group": group})
        return cleaned

    def mapping(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"column_{place}"] for place, name in enumerate(self._header)}


def initial_of(mapping: dict[str, str], header: list[str]) -> dict[str, str]:
    return {f"column_{place}": mapping.get(name, "") for place, name in enumerate(header)}


def _short(name: str) -> str:
    name = name.removeprefix(own_column(""))
    return name if len(name) <= 40 else f"{name[:39]}…"
