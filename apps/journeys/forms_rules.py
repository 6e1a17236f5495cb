"""The rule of a step in the rule builder: one kind of condition, any of which reaches the step."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import rule_forms, rules
from apps.core.comparison import RuleError
from apps.journeys import wire
from apps.journeys.models import Step
from apps.journeys.selectors.maps import sentence
from apps.touchpoints import conditions, suggestions, vocabulary
from apps.touchpoints.enums import By, Channel

PREFIX = "rule"
_KIND = "interaction"
_FIELDS = (
    rules.Field("event", gettext_lazy("Event"), choices=lambda _: suggestions.events()),
    rules.Field(
        "where",
        gettext_lazy("Properties"),
        "comparisons",
        choices=lambda asked: suggestions.properties(asked.get("event", "")),
        values=suggestions.values,
        before=gettext_lazy("with"),
    ),
    rules.Field(
        "channel",
        gettext_lazy("Channel"),
        "choice",
        choices=lambda _: [(value, Channel(value).label) for value in vocabulary.channels()],
        before=gettext_lazy("on"),
    ),
    rules.Field(
        "touchpoint",
        gettext_lazy("Touchpoint"),
        "choice",
        choices=lambda _: suggestions.touchpoints(),
        before=gettext_lazy("at"),
    ),
    rules.Field(
        "by",
        gettext_lazy("Done by"),
        "choice",
        choices=lambda _: [
            (By.COMPANY, By.COMPANY.label),
            (By.MACHINE, By.MACHINE.label),
            (conditions.ANYBODY, gettext_lazy("anybody")),
        ],
        before=gettext_lazy("by"),
        blank=gettext_lazy("the customer"),
    ),
    rules.Field(
        "nth",
        gettext_lazy("From which time on"),
        "number",
        before=gettext_lazy("from time no."),
        after=gettext_lazy("on"),
    ),
)
_CONDITIONS: rule_forms.Conditions = {_KIND: _FIELDS}


class RuleEditor:
    """`typed` is what the page sent, kept as it is; without it the rule as it is stored. `error` says what is wrong
    with it, or that it cannot be read."""

    def __init__(self, step: Step, *, typed: Mapping[str, Any] | None = None) -> None:
        self.step = step
        self.revision = step.revision if typed is None else _number(typed.get("revision", ""))
        self.error = ""
        try:
            self.node = _stored(step) if typed is None else _read(typed)
            self.entries = _checked(self.node)
        except RuleError as error:  # not to be read at all
            self.node, self.entries, self.error = _stored(step), [], str(error)
        except wire.MapError as error:
            self.entries, self.error = [], str(error)

    def context(self) -> dict[str, Any]:
        address = {"pk": self.step.stage.journey_id, "step": self.step.pk}
        return {
            "journey": self.step.stage.journey,
            "step": self.step,
            "node": self.node,
            "revision": self.revision,
            "error": self.error,
            "sentence": sentence(self.entries) if self.entries else "",
            "operators": rule_forms.OPERATOR_LABELS,
            "predicates": [(_KIND, "")],
            "edit_url": reverse("step_rule", kwargs=address),
            "reach_url": reverse("step_reach", kwargs=address),
        }


def _number(typed: str) -> int:
    """No revision is below 0: what cannot be read is of none."""
    return int(typed) if typed.isdecimal() and len(typed) < 10 else -1


def _stored(step: Step) -> rule_forms.Node:
    said = [{_KIND: _without_default(entry)} for entry in step.match]
    if not said:
        return rule_forms.read({}, prefix=PREFIX, op=f"add:{PREFIX}", conditions=_CONDITIONS)
    return rule_forms.from_rule({"any": said}, prefix=PREFIX, conditions=_CONDITIONS)


def _without_default(entry: dict[str, Any]) -> dict[str, Any]:
    """That the customer does it need not be said, and the form does not."""
    return {name: value for name, value in entry.items() if (name, value) != ("by", By.CUSTOMER.value)}


def _read(typed: Mapping[str, Any]) -> rule_forms.Node:
    return rule_forms.read(typed, prefix=PREFIX, op=str(typed.get("op", "")), conditions=_CONDITIONS)


def _checked(node: rule_forms.Node) -> list[dict[str, Any]]:
    """Raises wire.MapError."""
    said = [value for _name, value in rules.leaves(rule_forms.to_rule(node))]
    return [_entry(entry, _("Condition %(n)s") % {"n": number}) for number, entry in enumerate(said, 1)]


def _entry(entry: dict[str, Any], where: str) -> dict[str, Any]:
    """What only the words of the form can explain is said in them."""
    if not set(entry) - {"by", "nth"}:
        raise wire.MapError(_("%(where)s: say an event, a property, a channel or a touchpoint.") % {"where": where})
    nth = entry.get("nth", 1)
    if not isinstance(nth, int) or nth < 1:
        raise wire.MapError(_("%(where)s: “from time no.” must be a whole number from 1.") % {"where": where})
    return wire.check_match(entry, where)
