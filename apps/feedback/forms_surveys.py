"""The builder of a survey: its own fields, and a row for each answer that something follows."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.feedback import by_answer
from apps.feedback.actions import surveys
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey
from apps.staff.models import User
from apps.touchpoints.enums import Channel

KIND_LABELS = [
    (SurveyKind.NPS, _("NPS: would you recommend us? 0 to 10")),
    (SurveyKind.CSAT, _("CSAT: how satisfied are you? 1 to 5")),
    (SurveyKind.CES, _("CES: how easy was it? 1 to 7")),
    (SurveyKind.STARS, _("Stars: 1 to 5")),
    (SurveyKind.CHOICE, _("Choice: one or several of a list")),
    (SurveyKind.TEXT, _("Words: a question without a score")),
]


class SurveyForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label=_("Kind"), choices=KIND_LABELS)
    options = forms.CharField(
        label=_("Options"),
        required=False,
        max_length=surveys.MAX_OPTIONS * (surveys.MAX_OPTION + 2),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One a line, 2 to 20. An option whose words change is a new option in the figures."),
    )

    class Meta:
        model = Survey
        fields = ["name", "kind", "question", "options", "takes_several", "comment_label", "thanks", "case_owner",
                  "case_due_hours"]  # fmt: skip
        labels = {
            "question": _("Question"),
            "takes_several": _("Several may be chosen"),
            "comment_label": _("Question that follows"),
            "thanks": _("Thank-you text"),
            "case_owner": _("Who follows up bad answers"),
        }
        help_texts = {
            "name": _("For your staff; customers do not see it."),
            "comment_label": _("Answered in words, by who likes to. Leave it empty to ask nothing more."),
        }
        widgets = {"thanks": forms.Textarea(attrs={"rows": 2})}
        error_messages = {"name": {"unique": _("There is a survey of this name. Choose another.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case_owner"].queryset = User.objects.filter(is_active=True).order_by("name", "email")  # type: ignore[attr-defined]
        self.fields["case_owner"].empty_label = _("The first agent")  # type: ignore[attr-defined]
        self.fields["case_due_hours"].max_value = 1000  # type: ignore[attr-defined]
        self.initial.setdefault("options", self.instance.options)
        if isinstance(self.initial["options"], list):
            self.initial["options"] = "\n".join(self.initial["options"])

    def clean_options(self) -> list[str]:
        return _lines(self.cleaned_data["options"])

    def clean_case_due_hours(self) -> int:
        hours: int = self.cleaned_data["case_due_hours"]
        if hours > MOST_HOURS:
            raise forms.ValidationError(_("At most %(most)s hours.") % {"most": MOST_HOURS})
        return hours


MOST_HOURS = 1000


class ByAnswerForm(forms.Form):
    """One row; an empty one is passed over."""

    low = forms.IntegerField(label=_("From"), required=False)
    high = forms.IntegerField(label=_("to"), required=False)
    option = forms.ChoiceField(label=_("Option"), required=False)
    question = forms.CharField(label=_("Ask"), required=False, max_length=by_answer.LONGEST["question"])
    thanks = forms.CharField(label=_("Thank with"), required=False, max_length=by_answer.LONGEST["thanks"])
    url = forms.CharField(
        label=_("Link"),
        required=False,
        max_length=by_answer.LONGEST["url"],
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    url_label = forms.CharField(label=_("Text of the link"), required=False, max_length=by_answer.LONGEST["url_label"])

    def __init__(self, *args: Any, kind: SurveyKind, options: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind is SurveyKind.CHOICE:
            del self.fields["low"], self.fields["high"]
            self.fields["option"].choices = [("", "–"), *((one, one) for one in options)]  # type: ignore[attr-defined]
            return
        del self.fields["option"]
        for name in ("low", "high"):
            bounds = {"min": kind.scale[0], "max": kind.scale[-1]} if kind.has_score else {}
            self.fields[name].widget.attrs.update(bounds)

    @property
    def row(self) -> dict[str, Any]:
        """As by_answer reads it; empty when nothing is filled in."""
        data = self.cleaned_data if self.is_valid() else {}
        row = {name: data[name] for name in ("option", *by_answer.LONGEST) if data.get(name)}
        ends = {"from": data.get("low"), "to": data.get("high")}
        return {**row, **{name: value for name, value in ends.items() if value is not None}}


_PREFIX = "row"
_Rows = forms.formset_factory(ByAnswerForm, extra=0, max_num=by_answer.MAX_ROWS, absolute_max=by_answer.MAX_ROWS)
_NAMES = ("low", "high", "option", *by_answer.LONGEST)


class Builder:
    """The form of a survey with its rows. `typed` is what the page sent, kept as it is while it is being built."""

    def __init__(self, survey: Survey, *, typed: QueryDict | None) -> None:
        self.survey, self.typed = survey, typed
        kind = typed.get("kind", "") if typed is not None else survey.kind
        self.kind = SurveyKind(kind) if kind in SurveyKind.values else SurveyKind.NPS
        self.options = _lines(typed.get("options", "")) if typed is not None else survey.options
        self.typed_rows: list[dict[str, Any]] = [*_typed_rows(typed)] if typed is not None else []
        self.form = SurveyForm(typed, instance=survey)
        self.rows = self._rows(typed, [_typed_row(row) for row in survey.by_answer] or [{}])

    def _rows(self, typed: QueryDict | None, initial: list[dict[str, Any]]) -> Any:
        options = {"kind": self.kind, "options": self.options}
        return _Rows(typed, prefix=_PREFIX, initial=initial, form_kwargs=options)

    def change(self, op: str) -> None:
        """`add`, `remove-2` or anything else, which leaves it as it was typed. Shows no mistakes yet."""
        if self.typed is None:
            return
        rows = self.typed_rows
        if op == "add":
            rows.append({})
        elif op.startswith("remove-") and op[7:].isdecimal() and len(op) < 12:
            rows = [row for number, row in enumerate(rows) if number != int(op[7:])]
        values = {name: self.typed.get(name, "") for name in SurveyForm.Meta.fields}
        values["takes_several"] = bool(values["takes_several"])  # type: ignore[assignment]
        self.form = SurveyForm(instance=Survey(pk=self.survey.pk), initial={**values, "kind": self.kind})
        self.typed_rows = rows
        self.rows = self._rows(None, rows[: by_answer.MAX_ROWS] or [{}])

    def is_valid(self) -> bool:
        """Looks at all, so that all mistakes show at once."""
        return all([self.form.is_valid(), self.rows.is_valid()])

    def result(self) -> Survey:
        """As typed, not yet saved; of a valid builder."""
        survey: Survey = self.form.instance
        self.places = [number for number, form in enumerate(self.rows) if form.row]
        survey.by_answer = [form.row for form in self.rows if form.row]
        return survey

    def refuse(self, error: surveys.SurveyError) -> None:
        if error.field != "by_answer":
            self.form.add_error(error.field if error.field in self.form.fields else None, str(error))
        elif self.places:
            self.rows[self.places[min(error.number, len(self.places) - 1)]].add_error(None, str(error))

    @property
    def is_wrong(self) -> bool:
        return bool(self.form.errors or self.has_wrong_rows)

    @property
    def has_wrong_rows(self) -> bool:
        return self.rows.is_bound and any(form.errors for form in self.rows)

    def preview(self) -> Survey:
        """What the customer would see of what is typed so far, mistakes left out."""
        if self.typed is None:
            return self.survey
        texts = {name: self.typed.get(name, "")[:300] for name in ("question", "comment_label", "thanks")}
        shown = Survey(kind=self.kind, options=self.options[: surveys.MAX_OPTIONS], **texts)
        shown.takes_several = "takes_several" in self.typed
        for row in self.typed_rows:
            form = ByAnswerForm(row, kind=self.kind, options=self.options)
            try:
                shown.by_answer = by_answer.read([*shown.by_answer, form.row], kind=self.kind, options=shown.options)
            except by_answer.ByAnswerError:
                continue
        return shown


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _typed_row(row: by_answer.Row) -> dict[str, Any]:
    return {"low": row.get("from"), "high": row.get("to"), **row}


def _typed_rows(typed: QueryDict) -> list[dict[str, str]]:
    total = typed.get(f"{_PREFIX}-TOTAL_FORMS", "")
    count = min(int(total), by_answer.MAX_ROWS) if total.isdecimal() and len(total) < 5 else 0
    return [{name: typed.get(f"{_PREFIX}-{n}-{name}", "") for name in _NAMES} for n in range(count)]


class OpenLinkForm(forms.Form):
    is_open = forms.BooleanField(
        label=_("Anybody with the link may answer"),
        required=False,
        help_text=_("Answers come without a name. Each browser answers once and may change it."),
    )
    channel = forms.ChoiceField(
        label=_("Where people meet the link"),
        choices=Channel.choices,
        help_text=_("Kept with each answer, such as Store for a code at the till."),
    )
