from django import forms
from django.utils.translation import gettext_lazy as _

from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Source


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
