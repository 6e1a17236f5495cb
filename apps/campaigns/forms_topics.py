from django import forms
from django.utils.translation import gettext_lazy as _

from apps.customers.models import Topic


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Topic
        fields = ["name", "description", "default", "is_public"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}
        help_texts = {
            "default": _("What holds for somebody who has said neither yes nor no."),
        }


class SubscribeForm(forms.Form):
    email = forms.CharField(
        label=_("Your e-mail address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # No person sees it; programs that fill in every field do.
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    @property
    def is_by_a_program(self) -> bool:
        return bool(self.data.get("website"))
