"""What a customer said to staff about being written to."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.campaigns.actions.optouts import Told
from apps.campaigns.enums import Way
from apps.customers.enums import Choice
from apps.customers.models import Customer
from apps.customers.selectors import Said
from apps.touchpoints.enums import Channel

_NO_ANSWER = ("none", pgettext_lazy("has neither said yes nor no", "No answer"))
_ANSWERS = [(Choice.IN.value, gettext_lazy("Yes")), (Choice.OUT.value, gettext_lazy("No"))]


class ConsentForm(forms.Form):
    """One answer a topic and channel, named "CHANNEL:TOPIC". What is left as the page showed it is no answer, also
    where somebody else wrote one down meanwhile."""

    nothing_more = forms.BooleanField(
        label=gettext_lazy("Write nothing at all any more"),
        required=False,
        help_text=gettext_lazy("No to everything by every way, whatever stands above."),
    )
    evidence = forms.CharField(
        label=gettext_lazy("How did they say it?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Such as “on the phone, asked for no more news”. It is kept as the proof, with your name."
        ),
    )

    def __init__(self, data: Any, *, customer: Customer, allowed: Iterable[Said]) -> None:
        super().__init__(data)
        self._customer, self._allowed = customer, list(allowed)
        for said in self._allowed:
            self.fields[_name(said)] = _field(said, shown=self.data.get(f"initial-{_name(said)}", ""))
        self.order_fields([*map(_name, self._allowed), "nothing_more", "evidence"])

    def lines(self) -> list[tuple[Said, forms.BoundField]]:
        return [(said, self[_name(said)]) for said in self._allowed]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not self.told():
            raise forms.ValidationError(_("Nothing is different from what was known before."))
        return cleaned

    def told(self) -> list[Told]:
        if self.cleaned_data["nothing_more"]:
            return [Told(way.value, None, Choice.OUT) for way in Way if way.reaches_people]
        return [
            Told(said.channel, said.topic, Choice(self.cleaned_data[name]))
            for said in self._allowed
            if (name := _name(said)) in self.changed_data and self.cleaned_data[name] not in {"", _NO_ANSWER[0]}
        ]


def _name(said: Said) -> str:
    return f"{said.channel}:{said.topic.key}"


def _field(said: Said, *, shown: str) -> forms.ChoiceField:
    """`shown`: what stood on the page that was sent back."""
    initial = said.by_customer.choice if said.by_customer else _NO_ANSWER[0]
    return forms.ChoiceField(
        label=f"{said.topic.name} · {Channel(said.channel).label}",
        choices=[_NO_ANSWER, *_ANSWERS] if _NO_ANSWER[0] in {initial, shown} else _ANSWERS,
        initial=initial,
        required=False,  # a line that came since the page was opened
        show_hidden_initial=True,
    )
