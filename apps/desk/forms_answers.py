from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.feedback.forms import AnswerForm
from apps.touchpoints.enums import Channel


class EnteredAnswerForm(AnswerForm):
    key = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(label=_("How it was given"), choices=Channel.choices, initial=Channel.PHONE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["channel", "score", "chosen", "comment"])
