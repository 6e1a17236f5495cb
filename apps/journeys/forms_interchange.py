from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.journeys.interchange import reading
from apps.journeys.wire import MapError


class ImportForm(forms.Form):
    """A file or a text. What was in the file is shown as text, so that a mistake can be mended on the spot."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("JSON or Mermaid, at most 2 MB."),
        error_messages={"empty": _("The file is empty.")},
    )
    text = forms.CharField(
        label=_("Or the text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "code-field", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A journey as JSON, or a Mermaid diagram that begins with “journey”."),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        where = "file" if cleaned.get("file") else "text"
        try:
            text = reading.decoded(cleaned["file"].read()) if where == "file" else cleaned["text"]
            text = text.replace("\r\n", "\n")  # as browsers send lines
            self._show(text)
            if not text.strip():
                self.add_error("text", _("Choose a file or paste the text, then go on."))
                return cleaned
            where = "text"
            cleaned["reading"] = reading.read(text)
        except MapError as error:
            self.add_error(where, str(error))
        return cleaned

    def _show(self, text: str) -> None:
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["text"] = text
        self.data = data
