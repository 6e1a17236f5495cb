from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.feedback import by_answer
from apps.feedback.actions.responses import Answer
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Case, Response, Survey


class _Numbered:
    """Each choice says the how-manyth answer it is: by that the style sheet shows the question that follows it."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(*args, **kwargs)  # type: ignore[misc]
        option["attrs"]["data-at"] = str(option["index"])
        return option


class NumberedRadios(_Numbered, forms.RadioSelect):
    pass


class NumberedBoxes(_Numbered, forms.CheckboxSelectMultiple):
    pass


class AnswerForm(forms.Form):
    """An answer to a survey, whatever its kind: `score`, `chosen` or neither, and words."""

    comment = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("Write a few words, then send."),
            "max_length": _("Please keep it under 4,000 characters."),
        },
    )

    def __init__(self, *args: Any, survey: Survey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.survey = survey
        kind, comment = SurveyKind(survey.kind), self.fields["comment"]
        comment.label = survey.comment_label
        if kind.has_score:
            self.fields["score"] = _score_field(survey, kind)
        elif kind is SurveyKind.CHOICE:
            self.fields["chosen"] = _chosen_field(survey)
        else:
            comment.label, comment.required = survey.question, True
        self.order_fields(["score", "chosen", "comment"])

    @property
    def answer(self) -> Answer:
        data = self.cleaned_data
        chosen = data.get("chosen", [])
        return Answer(data.get("score"), [chosen] if isinstance(chosen, str) else list(chosen), data["comment"])

    @property
    def main(self) -> forms.BoundField | None:
        """The question itself, where it is answered by choosing."""
        return next((self[name] for name in ("score", "chosen") if name in self.fields), None)

    @property
    def asks(self) -> list[tuple[str, str]]:
        """Questions that take the place of the usual one, each with the numbers of the answers it follows."""
        kind = SurveyKind(self.survey.kind)
        order: list[Any] = list(kind.scale) if kind.has_score else list(self.survey.options)
        found = []
        for row in self.survey.by_answer:
            places = [str(order.index(one)) for one in by_answer.answers_of(row) if one in order]
            if "question" in row and places:
                found.append((" ".join(places), row["question"]))
        return found


def _score_field(survey: Survey, kind: SurveyKind) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=survey.question,
        choices=[(value, str(value)) for value in kind.scale],
        coerce=int,
        widget=NumberedRadios,
        error_messages={
            "required": _("Choose a number, then send."),
            "invalid_choice": _("Choose one of the numbers."),
        },
    )


def _chosen_field(survey: Survey) -> forms.ChoiceField:
    made, widget = (
        (forms.MultipleChoiceField, NumberedBoxes) if survey.takes_several else (forms.ChoiceField, NumberedRadios)
    )
    return made(
        label=survey.question,
        choices=[(option, option) for option in survey.options],
        widget=widget,
        error_messages={"required": _("Choose one, then send."), "invalid_choice": _("Choose from the options.")},
    )


def given_before(response: Response | None, survey: Survey) -> dict[str, Any]:
    """What the form shows to somebody who has answered already."""
    if response is None:
        return {}
    chosen: Any = response.chosen if survey.takes_several else next(iter(response.chosen), None)
    return {"score": response.score, "chosen": chosen, "comment": response.comment}


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


class ReplyForm(forms.Form):
    reply = forms.CharField(
        label=_("Our reply"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Kept beside the review. Publish it on the review site yourself."),
        error_messages={"max_length": _("Please keep it under 10,000 characters.")},
    )
