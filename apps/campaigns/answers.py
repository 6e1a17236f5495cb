"""The part of a campaign that is open in the builder: its form, its rule, and how it is saved."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns import wire
from apps.campaigns.actions import drafts
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import StepKind
from apps.campaigns.forms_builder import SettingsForm, TriggerForm
from apps.campaigns.forms_steps import ExitForm, SendForm, TaskForm, UpdateForm, WaitForm, WebhookForm
from apps.campaigns.models import Campaign
from apps.core import rule_forms
from apps.core.comparison import RuleError
from apps.customers.views import PREFIX, builder

RULES = {
    "audience": (gettext_lazy("Audience"), gettext_lazy("Who is enrolled, of those for whom the trigger happens.")),
    "exit": (gettext_lazy("Exit"),
             gettext_lazy("Ends a run at once, in the middle of a wait too. Counts what happened after the cause.")),
    "goal": (gettext_lazy("Goal"), gettext_lazy("What the campaign is for. Reached by what happened after the cause.")),
}  # fmt: skip


def starting_step(kind: StepKind) -> dict[str, Any]:
    """What a new step of that kind says; what is missing is asked for by its form."""
    found: dict[StepKind, dict[str, Any]] = {
        StepKind.WAIT: {"days": 1},
        StepKind.BRANCH: {"ways": [{"name": "A", "rule": {}, "steps": []}], "else": []},
        StepKind.SPLIT: {"ways": [{"name": name, "percent": 50, "steps": []} for name in "AB"]},
        StepKind.MESSAGE: {"channel": "email", "topic": "service", "subject": "", "body": ""},
        StepKind.SURVEY: {"channel": "email", "topic": "feedback", "survey": ""},
        StepKind.REVIEW_REQUEST: {"channel": "email", "topic": "feedback", "sites": []},
        StepKind.TASK: {"title": "", "due_hours": 16},
        StepKind.UPDATE: {},
        StepKind.WEBHOOK: {"endpoint": ""},
        StepKind.EXIT: {},
    }  # fmt: skip
    return found[kind]


class Editor:
    """`part` names what is open, `way` one way of a branch or split. `typed` is what was posted."""

    def __init__(self, campaign: Campaign, part: str, way: str, *, typed: Any = None) -> None:
        self.campaign, self.part, self.typed = campaign, part, typed
        self.way = int(way) if way.isdecimal() and len(way) < 3 else None
        self.error = ""
        self.conflict: Campaign | None = None
        self.draft = campaign.draft
        self.raw = self._step() if part and part not in {"trigger", "settings", *RULES} else None
        self.kind = StepKind(wire.kind_of(self.raw)) if self.raw else None
        self.settings: dict[str, Any] = self.raw[self.kind.value] if self.raw and self.kind else {}
        self.form = self._form()
        self.node = self._node()

    def _step(self) -> dict[str, Any]:
        return drafts.step_of(self.draft, self.part)

    @property
    def is_preview(self) -> bool:
        """Something was chosen that changes what the form shows; nothing is to be saved."""
        return self.typed is not None and bool(self.typed.get("op"))

    @property
    def title(self) -> str:
        if self.part in RULES:
            return str(RULES[self.part][0])
        if self.kind is not None:
            return str(self.kind.label)
        return str(_("Settings") if self.part == "settings" else _("Trigger") if self.part == "trigger" else "")

    @property
    def help(self) -> str:
        return str(RULES[self.part][1]) if self.part in RULES else ""

    @property
    def shows_ways(self) -> bool:
        return self.kind in {StepKind.BRANCH, StepKind.SPLIT} and self.way is None

    def _form(self) -> Any:
        if self.part == "trigger":
            return TriggerForm(self.typed, draft=self.draft)
        if self.part == "settings":
            return SettingsForm(self.typed, draft=self.draft)
        if self.kind is None or self.kind in {StepKind.BRANCH, StepKind.SPLIT}:
            return None
        if self.kind.sends:
            return SendForm(self.typed, settings=self.settings, kind=self.kind)
        forms: dict[StepKind, Any] = {
            StepKind.WAIT: WaitForm, StepKind.UPDATE: UpdateForm, StepKind.WEBHOOK: WebhookForm,
            StepKind.TASK: TaskForm, StepKind.EXIT: ExitForm,
        }  # fmt: skip
        return forms[self.kind](self.typed, settings=self.settings)

    # --- The rule beside it

    def _rule(self) -> dict[str, Any] | None:
        """None where the part has no rule."""
        if self.part in {"audience", "exit"}:
            return self.draft.get(self.part) or {}
        if self.part == "goal":
            return (self.draft.get("goal") or {}).get("rule") or {}
        if self.kind is StepKind.BRANCH and self.way is not None and self.way < len(self.settings["ways"]):
            return self.settings["ways"][self.way].get("rule") or {}
        if self.kind is StepKind.WAIT and self.form["how"].value() == "for":
            return self.settings.get("for") or {}
        return None

    def _node(self) -> rule_forms.Node | None:
        rule = self._rule()
        if rule is None:
            return None
        if self.typed is None or f"{PREFIX}.join" not in self.typed:
            try:
                return rule_forms.from_rule(rule, prefix=PREFIX)
            except KeyError:  # a predicate that is no more
                return rule_forms.from_rule({}, prefix=PREFIX)
        try:
            return rule_forms.read(self.typed, prefix=PREFIX, op=self.typed.get("op", ""))
        except RuleError as error:
            self.error = str(error)
            return rule_forms.from_rule(rule, prefix=PREFIX)

    # --- Saving

    def refuse(self, error: CampaignError) -> None:
        """Said beside what was typed, which stays."""
        self.error = str(error)
        if self.shows_ways and self.typed is not None:
            ways = [dict(way) for way in self.settings["ways"]]
            for number, way in enumerate(ways):
                way["name"] = self.typed.get(f"name-{number}", way.get("name", ""))
                way["percent"] = self.typed.get(f"percent-{number}", way.get("percent", ""))
            self.settings = {**self.settings, "ways": ways}

    def is_valid(self) -> bool:
        if self.node is not None and not self.is_preview and not rule_forms.is_complete(self.node):
            self.error = _("A condition is not complete. Say what it asks for, or take it away.")
        if self.is_preview or self.error or not self.part:
            return False
        return self.form is None or bool(self.form.is_valid())

    def save(self, *, revision: int | None) -> Campaign:
        rule = rule_forms.to_rule(self.node) if self.node is not None else None
        if self.part in {"audience", "exit"}:
            return drafts.set_part(campaign=self.campaign, values={self.part: rule or None}, revision=revision)
        if self.part == "goal":
            goal = {**(self.draft.get("goal") or {}), "rule": rule}
            return drafts.set_part(campaign=self.campaign, values={"goal": goal if rule else None}, revision=revision)
        if self.part in {"trigger", "settings"}:
            return drafts.set_part(campaign=self.campaign, values=self.form.part(), revision=revision)
        settings = self._settings(rule)
        return drafts.change_step(campaign=self.campaign, key=self.part, settings=settings, revision=revision)

    def _settings(self, rule: dict[str, Any] | None) -> dict[str, Any]:
        if self.kind in {StepKind.BRANCH, StepKind.SPLIT}:
            return self._ways(rule)
        said: dict[str, Any] = self.form.part()
        if "at_most" in said:
            said = {"for": rule or {}, **said, "else": self.settings.get("else", [])}
        return said

    def _ways(self, rule: dict[str, Any] | None) -> dict[str, Any]:
        """Names and shares as typed; a way more or less; or the rule of one way."""
        ways = [dict(way) for way in self.settings["ways"]]
        if self.way is not None:
            ways[self.way]["rule"] = rule or {}
        elif self.typed is not None:
            _read_ways(ways, self.typed, is_split=self.kind is StepKind.SPLIT)
        return {**self.settings, "ways": ways}

    def context(self) -> dict[str, Any]:
        found: dict[str, Any] = {"rule_url": reverse("rule_edit")}
        if self.node is not None:
            found |= builder(self.node)
        if self.error:
            found["error"] = self.error
        return found


def _read_ways(ways: list[dict[str, Any]], typed: Mapping[str, Any], *, is_split: bool) -> None:
    for number, way in enumerate(ways):
        way["name"] = str(typed.get(f"name-{number}", way.get("name", ""))).strip() or chr(65 + number)
        if is_split:
            way["percent"] = _percent(typed.get(f"percent-{number}", way.get("percent", 0)))
    gone = str(typed.get("remove", ""))
    if gone.isdecimal() and int(gone) < len(ways) and len(ways) > 1:
        del ways[int(gone)]
    if typed.get("more"):
        name = chr(65 + len(ways))
        ways.append({"name": name, "percent": 0, "steps": []} if is_split else {"name": name, "rule": {}, "steps": []})


def _percent(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise CampaignError(_("A share is a number of percent.")) from error
    if not 0 <= found <= 100:
        raise CampaignError(_("A share is from 0 to 100 percent."))
    return int(found) if found == int(found) else found
