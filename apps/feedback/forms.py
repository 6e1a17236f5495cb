from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.feedback.enums import SurveyKind
from apps.feedback.models import Case, Survey


class AnswerForm(forms.Form):
    """The public form of a survey."""

    score = forms.TypedChoiceField(
        coerce=int, widget=forms.RadioSelect, error_messages={"required": _("Choose a number, then send.")}
    )
    comment = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Please keep it under 4,000 characters.")},
    )

    def __init__(self, *args: Any, survey: Survey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        score, comment = self.fields["score"], self.fields["comment"]
        score.label, comment.label = survey.question, survey.comment_label
        score.choices = [(value, str(value)) for value in SurveyKind(survey.kind).scale]  # type: ignore[attr-defined]


class CloseCaseForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Case
        fields = ["root_cause", "action_taken"]
        help_texts = {
            "root_cause": _("What made this happen, so that it can be mended for everybody."),
            "action_taken": _("What you did for this customer."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in (
            ("root_cause", _("Say what caused it; a case cannot be closed without.")),
            ("action_taken", _("Say what you did; a case cannot be closed without.")),
        ):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = text
