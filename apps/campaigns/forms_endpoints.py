from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import EndpointShape


class EndpointForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Campaigns name it, such as “Warehouse” or “Sales room”.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url", "placeholder": "https://"}),
        help_text=_("https:// on port 443 or 8443 of a host that the Internet can reach."),
    )
    shape = forms.ChoiceField(
        label=_("Shape"),
        choices=EndpointShape.choices,
        initial=EndpointShape.STANDARD,
        help_text=_("A system of yours takes signed JSON; a chat room takes a message."),
    )

    def __init__(self, *args: Any, has_address: bool = False, **kwargs: Any) -> None:
        """`has_address`: it has one already, which is not shown again because it may hold a secret."""
        super().__init__(*args, **kwargs)
        if has_address:
            self.fields["url"].required = False
            self.fields["url"].help_text = _("Not shown again, as it may hold a secret. Empty: it stays as it is.")
