"""What is typed on the page of a message: one variant of its words, and on the page of the message itself what all
variants share. Everything typed is kept, also what cannot be saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.campaigns.enums import StepKind, Way
from apps.campaigns.mails import blocks, choosing
from apps.campaigns.mails.choosing import BASE, BODIES, Variant
from apps.campaigns.models import Brand, Snippet
from apps.core.comparison import OPERATORS

MODES = (
    ("blocks", _("Blocks")),
    ("body", _("Plain text")),
    ("mjml", _("MJML")),
)
_FLAGS = {"track": True, "utm": True, "at_preferred_time": False}
_MOST_TYPED = 200_000
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")


@dataclass
class Sheet:
    """`mode` empty: the words of the message itself, or the standard ones of a survey or review request."""

    mode: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
    whom: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any], variant: Variant) -> Self:
        own = choosing.own(settings, variant)
        mode = next((name for name in BODIES if name in own), "")
        button = own.get("button") or {}
        texts = {name: own.get(name, "") for name in ("subject", "preheader", "body", "mjml")}
        texts |= {"button_label": button.get("label", ""), "button_url": button.get("url", "")}
        shared = {name: settings.get(name, default) for name, default in _FLAGS.items()}
        shared |= {"topic": settings.get("topic", ""), "channel": settings.get("channel", Way.EMAIL.value)}
        return cls(mode, texts, [dict(block) for block in own.get("blocks", [])], shared, _whom(own))

    @classmethod
    def read(cls, data: Mapping[str, Any], settings: Mapping[str, Any]) -> Self:
        """`settings`: what the step says now, for what the page of a variant does not show."""
        names = ("subject", "preheader", "body", "mjml", "button_label", "button_url")
        texts = {name: _typed(data, name) for name in names}
        mode = data.get("mode", "")
        shared: dict[str, Any] = cls.of(settings, BASE).shared
        if "topic" in data:
            shared = {name: data.get(name) == "on" for name in _FLAGS}
            shared |= {"topic": data["topic"], "channel": data.get("channel", Way.EMAIL.value)}
        whom = {name: _typed(data, f"whom_{name}") for name in ("name", "persona", "trait", "operator", "value")}
        found = cls(mode if mode in BODIES else "", texts, [], shared, whom)
        count = data.get("blocks", "0")
        for number in range(min(int(count), blocks.MOST_BLOCKS) if count.isdecimal() and len(count) < 4 else 0):
            kind = data.get(f"block-{number}-kind", "")
            if kind in blocks.KINDS:
                found.blocks.append(_block(kind, data, number))
        return found

    def words(self) -> dict[str, Any]:
        """As a part of the settings has them; what is empty is left out."""
        found: dict[str, Any] = {
            name: self.texts[name] for name in ("subject", "preheader") if self.texts[name].strip()
        }
        if self.mode == "blocks":
            found["blocks"] = self.blocks
        elif self.mode:
            found[self.mode] = self.texts[self.mode]
        return found

    def into(self, settings: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
        """The settings of the step with what was typed."""
        kept = {name: value for name, value in settings.items() if name not in {*choosing.PARTS, "button", *_FLAGS}}
        if variant == BASE:
            return {**kept, **self._shared(), **self.words(), **self._button()}
        changed: dict[str, Any] = dict(settings)
        where = changed
        if variant.tone is not None:
            tones = [dict(tone) for tone in settings["tones"]]
            where = tones[variant.tone]
            changed["tones"] = tones
        if variant.language:
            where["languages"] = {**where["languages"], variant.language: self.words()}
            return changed
        rest = {"languages": where["languages"]} if "languages" in where else {}
        changed["tones"][variant.tone] = {**self.tone(), **self.words(), **rest}
        return changed

    def tone(self) -> dict[str, Any]:
        return tone_of(self.whom)

    def _shared(self) -> dict[str, Any]:
        found = {name: self.shared[name] for name, default in _FLAGS.items() if self.shared[name] is not default}
        found |= {"topic": self.shared["topic"]} if self.shared["topic"] else {}
        return {**found, "channel": self.shared["channel"]}

    def _button(self) -> dict[str, Any]:
        label, url = self.texts["button_label"].strip(), self.texts["button_url"].strip()
        is_web = self.shared["channel"] == Way.WEB
        return {"button": {"label": label, "url": url}} if is_web and (label or url) else {}


def _typed(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\r\n", "\n")[:_MOST_TYPED]


def _block(kind: str, data: Mapping[str, Any], number: int) -> dict[str, Any]:
    block = blocks.new(kind)
    for name, value in block.items():
        typed = _typed(data, f"block-{number}-{name}")
        if name == "kind":
            continue
        if isinstance(value, int):
            is_whole = typed.removeprefix("-").isdecimal() and typed.isascii() and len(typed) < 10
            block[name] = int(typed) if is_whole else typed or value  # what is no number is refused, not replaced
        else:
            block[name] = typed
    return block


def _whom(tone: Mapping[str, Any]) -> dict[str, str]:
    path, operator, value = tone.get("trait", ["", "=", ""])
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return {
        "name": tone.get("name", ""),
        "persona": tone.get("persona", ""),
        "trait": path,
        "operator": operator,
        "value": shown,
    }


def tone_of(whom: Mapping[str, str]) -> dict[str, Any]:
    tone: dict[str, Any] = {"name": whom["name"].strip()}
    if whom["persona"]:
        return tone | {"persona": whom["persona"]}
    return tone | {"trait": [whom["trait"].strip(), whom["operator"], _value(whom["operator"], whom["value"])]}


def _value(operator: str, typed: str) -> Any:
    """As a trait may have it: a number where it looks like one, true and false, a list for `in`."""
    if operator == "in":
        return [_value("=", one.strip()) for one in typed.split(",")]
    if operator == "exists":
        return typed.strip().lower() != "false"
    if typed in {"true", "false"} and operator != "contains":
        return typed == "true"
    if operator != "contains" and _NUMBER.fullmatch(typed):
        return float(typed) if "." in typed else int(typed)
    return typed


class ToneForm(forms.Form):
    name = forms.CharField(label=_("Name of the tone"), max_length=60)
    persona = forms.CharField(label=_("For the persona"), max_length=100, required=False)
    trait = forms.CharField(label=_("Or for the trait"), max_length=100, required=False)
    operator = forms.ChoiceField(label=_("compared by"), choices=[(one, one) for one in OPERATORS], required=False)
    value = forms.CharField(label=_("with"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("persona") and not data.get("trait"):
            raise forms.ValidationError(_("Say for which persona or trait it is."))
        return data

    def tone(self) -> dict[str, Any]:
        data = {**self.cleaned_data, "operator": self.cleaned_data["operator"] or "="}
        return tone_of(data)


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    picture = forms.FileField(
        label=_("Logo"), required=False, help_text=_("PNG, JPEG or WebP of at most 3 MB; shown 140 pixels wide.")
    )
    without_logo = forms.BooleanField(label=_("Show the name instead of the logo"), required=False)

    class Meta:
        model = Brand
        fields = ["accent", "footer"]
        widgets = {"accent": forms.TextInput(attrs={"type": "color"}), "footer": forms.Textarea(attrs={"rows": 3})}


class SnippetForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Snippet
        fields = ["name", "text"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"}), "text": forms.Textarea(attrs={"rows": 8})}

    def _post_clean(self) -> None:
        """A name that is taken is told by the action, which also sees one that was taken just now."""
        self._validate_unique = False
        super()._post_clean()  # type: ignore[misc]


class TemplateForm(forms.Form):
    name = forms.CharField(label=_("Save as"), max_length=100)


def modes(kind: StepKind, way: str, variant: Variant) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = list(MODES) if way == Way.EMAIL else [("body", _("Plain text"))]
    if variant != BASE:
        return [("", _("As the message itself")), *found]
    return [("", _("Standard words")), *found] if kind.asks else found
