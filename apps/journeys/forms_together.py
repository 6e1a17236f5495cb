from django import forms
from django.utils.translation import gettext_lazy as _

from apps.journeys.models import Comment, ShareLink

_TEXT = Comment._meta.get_field("text").max_length or 2000  # noqa: SLF001 - public but for its name
_GUEST = Comment._meta.get_field("guest_name").max_length or 100  # noqa: SLF001


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Your comment"), max_length=_TEXT, widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"})
    )


class GuestCommentForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=_GUEST,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("Everybody who has this link reads it with your comment."),
    )
    text = forms.CharField(label=_("Your comment"), max_length=_TEXT, widget=forms.Textarea(attrs={"rows": 4}))
    # No person sees it; programs that fill in every field do.
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    @property
    def is_by_a_program(self) -> bool:
        return bool(self.data.get("website"))


class ShareForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = ShareLink
        fields = ["name", "shows_numbers", "takes_comments"]
        labels = {
            "name": _("Name"),
            "shows_numbers": _("With how many customers are in each stage"),
            "takes_comments": _("Guests may comment on cards"),
        }
        help_texts = {"name": _("Who gets it, such as “Agency workshop”. Guests do not see it.")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}
