"""Forms of the parts of a map. Each takes the revision that it was opened at along."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.journeys.actions import guarding, images
from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.models import Card, Journey, Lane, MapImage, Stage, Step

FEELINGS = [
    gettext_lazy(word)
    for word in (
        "curious", "hopeful", "inspired", "confident", "relieved", "delighted", "proud", "calm", "surprised",
        "unsure", "impatient", "confused", "anxious", "annoyed", "frustrated", "disappointed", "angry",
    )
]  # fmt: skip


# As wire.py has them: what a form takes, a publication takes.
_BOUNDS = {
    "severity": (1, 5), "impact": (1, 5), "effort": (1, 5), "emotion": (-2, 2), "target": (-1e12, 1e12),
    "takes_minutes": (1, 5_000_000), "evidence_n": (1, 1_000_000_000), "expected_days": (0, 36500),
    "lapse_after_days": (1, 36500), "new_lap_after_days": (1, 36500),
}  # fmt: skip


class PartForm(forms.ModelForm):  # type: ignore[type-arg]
    """`inline` shows only the first field, in place; the dialog shows all."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, is_inline: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = self.instance.revision
        if is_inline:
            for name in [name for name in self.fields if name not in {self.first, "revision"}]:
                del self.fields[name]

    first: ClassVar[str] = "name"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, (low, high) in _BOUNDS.items():
            value = cleaned.get(name)
            if value is not None and not low <= value <= high:
                words = {"low": f"{low:g}", "high": f"{high:,g}"}
                self.add_error(name, _("Write a number from %(low)s to %(high)s, or nothing.") % words)
        if (cleaned.get("expected_days") or 1) <= 0:
            self.add_error("expected_days", _("Write a number of days above 0, or nothing."))
        return cleaned

    @property
    def own_fields(self) -> list[str]:
        """What it writes."""
        return [name for name in self.fields if name not in {"revision", "picture"}]


class StageForm(PartForm):
    class Meta:
        model = Stage
        fields = ["name", "kind", "expected_days", "allows_back", "department"]
        labels = {
            "name": gettext_lazy("Name"),
            "kind": gettext_lazy("Kind"),
            "expected_days": gettext_lazy("Expected days in it"),
            "allows_back": gettext_lazy("Customers may come back to it from a later stage"),
            "department": gettext_lazy("Responsible department"),
        }
        help_texts = {
            "kind": gettext_lazy("Makes journeys comparable. The lapsed stage is entered by silence."),
            "expected_days": gettext_lazy("Who stays longer is overdue. Empty: never."),
        }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Stage.objects.filter(journey=self.instance.journey_id, name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another stage of this map has this name."))
        return name

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        others = Stage.objects.filter(journey=self.instance.journey_id, kind=StageKind.LAPSED)
        if kind == StageKind.LAPSED and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("This map has a lapsed stage already; there can be one."))
        return kind


class StepForm(PartForm):
    class Meta:
        model = Step
        fields = ["name", "emotion", "feeling", "is_moment_of_truth", "is_optional", "alternative_to", "takes_minutes"]
        labels = {
            "name": gettext_lazy("Name"),
            "emotion": gettext_lazy("Emotion, −2 to +2"),
            "feeling": gettext_lazy("Feeling"),
            "is_moment_of_truth": gettext_lazy("A moment of truth: here it is decided whether they stay"),
            "is_optional": gettext_lazy("Optional: who skips it does not deviate"),
            "alternative_to": gettext_lazy("Alternative to"),
            "takes_minutes": gettext_lazy("Takes minutes"),
        }
        widgets = {
            "emotion": forms.NumberInput(attrs={"min": -2, "max": 2, "step": 0.1}),
            "feeling": forms.TextInput(attrs={"list": "feelings", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "alternative_to" in self.fields:
            others = Step.objects.filter(stage__journey=self.instance.stage.journey_id).exclude(pk=self.instance.pk)
            self.fields["alternative_to"].queryset = others.order_by("stage__position", "position")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        rows = Step.objects.filter(stage__journey=self.instance.stage.journey_id, name=name)
        if rows.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another step of this map has this name."))
        return name


class LaneForm(PartForm):
    class Meta:
        model = Lane
        fields = ["name", "kind", "persona"]
        labels = {
            "name": gettext_lazy("Name"),
            "kind": gettext_lazy("Kind"),
            "persona": gettext_lazy("Persona whose curve it is"),
        }
        help_texts = {"persona": gettext_lazy("For a lane of kind emotion.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.cards.exists():
            self.fields.pop("kind", None)  # what its cards say hangs on it

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Lane.objects.filter(journey=self.instance.journey_id, name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another lane of this map has this name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", self.instance.kind)
        if cleaned.get("persona") and kind != LaneKind.EMOTION:
            self.add_error("persona", _("Only a lane of kind emotion has a persona."))
        return cleaned


_EVIDENCE = ["evidence", "evidence_n", "evidence_note"]
_WORK = ["status", "owner", "due_on"]
_FIELDS: dict[str, list[str]] = {
    LaneKind.PAIN: ["text", "severity", "frequency", *_WORK, *_EVIDENCE],
    LaneKind.OPPORTUNITY: ["text", "impact", "effort", *_WORK, *_EVIDENCE],
    LaneKind.TOUCHPOINTS: ["text", "touchpoint", *_EVIDENCE],
    LaneKind.BACKSTAGE: ["text", "department", *_EVIDENCE],
    LaneKind.DEPARTMENTS: ["text", "department"],
    LaneKind.KPI: ["text", "target", "unit"],
    LaneKind.EMOTION: ["text", "emotion", *_EVIDENCE],
    LaneKind.IMAGES: ["text"],
}


class CardForm(PartForm):
    first = "text"

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 3 MB."),
    )

    class Meta:
        model = Card
        fields = [
            "text", "touchpoint", "severity", "frequency", "impact", "effort", "emotion", "department", "target",
            "unit", "status", "owner", "due_on", "evidence", "evidence_n", "evidence_note",
        ]  # fmt: skip
        labels = {
            "text": gettext_lazy("Text"),
            "touchpoint": gettext_lazy("Touchpoint of the catalogue"),
            "severity": gettext_lazy("Severity, 1 to 5"),
            "frequency": gettext_lazy("Who meets it"),
            "impact": gettext_lazy("Impact, 1 to 5"),
            "effort": gettext_lazy("Effort, 1 to 5"),
            "emotion": gettext_lazy("Emotion, −2 to +2"),
            "department": gettext_lazy("Department"),
            "target": gettext_lazy("Target"),
            "unit": gettext_lazy("Unit"),
            "status": gettext_lazy("Status"),
            "owner": gettext_lazy("Owner"),
            "due_on": gettext_lazy("Due on"),
            "evidence": gettext_lazy("Rests on"),
            "evidence_n": gettext_lazy("Number asked or seen"),
            "evidence_note": gettext_lazy("Where it is from"),
        }
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "severity": forms.NumberInput(attrs={"min": 1, "max": 5}),
            "impact": forms.NumberInput(attrs={"min": 1, "max": 5}),
            "effort": forms.NumberInput(attrs={"min": 1, "max": 5}),
            "emotion": forms.NumberInput(attrs={"min": -2, "max": 2, "step": 0.1}),
        }

    def __init__(self, *args: Any, is_inline: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, is_inline=is_inline, **kwargs)
        kind = self.instance.lane.kind
        shown = {*_FIELDS.get(kind, ["text", *_EVIDENCE]), "revision"}
        if kind in {LaneKind.IMAGES, LaneKind.NOTE, LaneKind.PHYSICAL}:
            shown.add("picture")
        for name in [name for name in self.fields if name not in shown]:
            del self.fields[name]
        if kind == LaneKind.EMOTION:
            self._ask_for_a_point()

    def _ask_for_a_point(self) -> None:
        """A point of a curve: its height, and a word for the feeling where there is one."""
        text = forms.CharField(label=_("Feeling"), required=False, max_length=50)
        text.widget.attrs = {"list": "feelings", "autocomplete": "off", **text.widget.attrs}
        self.fields["text"] = text
        if "emotion" in self.fields:
            self.fields["emotion"].required = True

    def clean_picture(self) -> MapImage | None:
        upload = self.cleaned_data.get("picture")
        if not upload:
            return None
        try:
            return images.keep(content=upload.read(images.MOST_BYTES + 1))
        except images.NotAPicture as error:
            raise ValidationError(str(error)) from error

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.cleaned_data.get("picture"):
            self.instance.image = self.cleaned_data["picture"]

    @property
    def own_fields(self) -> list[str]:
        return [*super().own_fields, *(["image"] if "picture" in self.fields else [])]


class JourneyForm(PartForm):
    class Meta:
        model = Journey
        fields = [
            "name", "persona", "segment", "goal", "beginning", "middle", "end", "expectations", "expected_days",
            "owner", "review_on", "lapse_after_days", "new_lap_after_days",
        ]  # fmt: skip
        widgets = {
            "expectations": forms.Textarea(attrs={"rows": 2}),
            "review_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "beginning": gettext_lazy("What happens before the first step."),
            "end": gettext_lazy("When the customer would call it done."),
            "expectations": gettext_lazy("With numbers: an answer within a day, the parcel within three."),
            "lapse_after_days": gettext_lazy("Days of silence after which a customer lapses. Empty: never."),
            "new_lap_after_days": gettext_lazy(
                "An earlier step so many days after the last visit begins the journey anew. Empty: never."
            ),
        }

    def clean_name(self) -> str:
        """What rules ask for by name keeps it."""
        name: str = self.cleaned_data["name"]
        old = self.initial.get("name", "")
        holders = guarding.who_asks_for(old) if old and name != old else []
        if holders:
            words = {"holder": holders[0]}
            raise ValidationError(_("%(holder)s asks for this journey by its name. Change that rule first.") % words)
        return name
