from django import forms
from django.utils.translation import gettext_lazy as _

from apps.customers.enums import SegmentKind
from apps.customers.models import Segment


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The rule comes from the builder beside it."""

    class Meta:
        model = Segment
        fields = ["name", "description"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}

    def _post_clean(self) -> None:
        """A name that is taken is told by the action, which also sees one that was taken just now."""
        self._validate_unique = False
        super()._post_clean()  # type: ignore[misc]


class MemberForm(forms.Form):
    """Somebody to be put on a list."""

    who = forms.CharField(label=_("E-mail, phone or id"), max_length=320)


KINDS = [
    (SegmentKind.RULE, _("By rule"), _("Customers come and go by what they do and are.")),
    (SegmentKind.LIST, _("By list"), _("You say who is in it.")),
]
