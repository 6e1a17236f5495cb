from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.models import CompanySettings

FIELDS = ["sender_name", "sender_email", "postal_address"]


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = CompanySettings
        fields = FIELDS
        widgets = {"postal_address": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "sender_name": _("Stands in the inbox beside the subject. Without it, the company's name."),
            "sender_email": _("Use a domain of your own: the records below go into its DNS."),
        }

    def validate_constraints(self) -> None:
        """Those of the other settings are told where they are changed."""
