"""What the page of a message shows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.campaigns import liquid, sentences, wire
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.mails import blocks, choosing, defaults, filling, previewing, settings_checks
from apps.campaigns.mails.checking import Check, Known, checks
from apps.campaigns.mails.choosing import BASE, Variant
from apps.campaigns.mails.content import Content, ContentError
from apps.campaigns.models import Campaign, Snippet, Template
from apps.core.models import CompanySettings
from apps.customers import suggestions
from apps.customers.models import Customer, Persona, Topic

_UNDEFINED = re.compile(r"'?([\w.]+)'? is undefined")
_MOST_LOOKED_AT = 30


@dataclass(frozen=True)
class Desk:
    """The step of a draft that is being written, and which variant of it."""

    campaign: Campaign
    key: UUID
    kind: StepKind
    settings: dict[str, Any]
    variant: Variant

    @property
    def url(self) -> str:
        return reverse("step_message", args=[self.campaign.pk, self.key]) + query_of(self.variant)

    @property
    def preview_url(self) -> str:
        return reverse("step_message_preview", args=[self.campaign.pk, self.key]) + query_of(self.variant)

    @property
    def name(self) -> str:
        return choosing.name(self.settings, self.variant)


def query_of(variant: Variant) -> str:
    parts = [f"tone={variant.tone}"] if variant.tone is not None else []
    parts += [f"language={variant.language}"] if variant.language else []
    return "?" + "&".join(parts) if parts else ""


def desk(campaign: Campaign, key: UUID, asked: Mapping[str, str]) -> Desk | None:
    """None where the draft has no such step that writes to people, or the step has no such variant."""
    steps = wire.walk(campaign.draft.get("steps", []))
    step = next((raw for raw in steps if raw.get("key") == str(key)), None)
    kind = StepKind(wire.kind_of(step)) if step else StepKind.EXIT
    if step is None or not kind.sends:
        return None
    settings = step[kind.value]
    tone = asked.get("tone", "")
    place = int(tone) if tone.isascii() and tone.isdecimal() and len(tone) < 3 else None
    variant = Variant(place, asked.get("language", ""))
    return Desk(campaign, key, kind, settings, variant) if variant in choosing.variants(settings) else None


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


def tabs(of: Desk) -> list[Tab]:
    base = reverse("step_message", args=[of.campaign.pk, of.key])
    return [
        Tab(choosing.name(of.settings, variant), base + query_of(variant), variant == of.variant)
        for variant in choosing.variants(of.settings)
    ]


@dataclass(frozen=True)
class Shown:
    """A message for somebody, or why there is none."""

    content: Content | None
    problem: str = ""


def shown(of: Desk, settings: dict[str, Any], customer: Customer) -> Shown:
    letter = previewing.letter(kind=of.kind, settings=settings, campaign=of.campaign, customer=customer)
    try:
        settings_checks.check(of.kind, settings)
        return Shown(filling.fill(letter, CompanySettings.current(), of.variant))
    except (ContentError, liquid.TemplateError) as error:
        return Shown(None, str(error))


def known(campaign: Campaign) -> Known:
    traits = {name for name, _label in suggestions.traits()}
    if traits:
        for raw in wire.walk(campaign.draft.get("steps", [])):  # what the campaign writes down itself
            traits |= set(raw.get(StepKind.UPDATE.value, {}).get("set", {}))
    is_all = len(traits) < suggestions.MOST
    return Known(frozenset(Snippet.objects.values_list("name", flat=True)), frozenset(traits if is_all else ()))


def checklist(of: Desk, settings: dict[str, Any], customer: Customer | None, names: Known | None = None) -> list[Check]:
    """`names`: those that are known, where they were read already."""
    found = shown(of, settings, customer or previewing.with_gaps())
    if found.content is None:
        return [Check(is_well=False, text=_gap(found.problem))]
    way = Way(settings.get("channel", Way.EMAIL))
    words = defaults.words(of.kind, way, choosing.words(settings, of.variant), None)
    gaps = shown(of, settings, previewing.with_gaps())
    more = [] if gaps.content else [Check(is_well=False, text=_gap(gaps.problem))]
    return [*more, *checks(found.content, settings, words, names or known(of.campaign))]


def _gap(problem: str) -> str:
    """Somebody of whom only the address is known gets none."""
    found = _UNDEFINED.search(problem)
    if found is None:
        return problem
    said = _("Whoever has no %(name)s gets no message. Give a word instead: {{ %(name)s | default: 'there' }}")
    return said % {"name": found[1]}


@dataclass(frozen=True)
class Doubt:
    """A message of the draft, with what is not well about it."""

    name: str
    url: str
    texts: list[str]


def doubts(campaign: Campaign) -> list[Doubt]:
    """Of the first messages of the draft, each in every tone and language: what its own page would say."""
    reader, names, found = previewing.somebody("") or previewing.with_gaps(), known(campaign), []
    for of in islice(_desks(campaign), _MOST_LOOKED_AT):
        texts = [check.text for check in checklist(of, of.settings, reader, names) if not check.is_well]
        if texts:
            name = sentences.step(of.kind.value, of.settings)
            found.append(Doubt(name if of.variant == BASE else f"{name} · {of.name}", of.url, texts))
    return found


def _desks(campaign: Campaign) -> Iterator[Desk]:
    for raw in wire.walk(campaign.draft.get("steps", [])):
        kind = StepKind(wire.kind_of(raw))
        if kind.sends and raw.get("key"):
            for variant in choosing.variants(raw[kind.value]):
                yield Desk(campaign, UUID(str(raw["key"])), kind, raw[kind.value], variant)


@dataclass(frozen=True)
class Choices:
    """What the fields of the page offer."""

    topics: list[Topic] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    personas: list[str] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)
    snippets: list[str] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    kinds: list[tuple[str, blocks.Kind]] = field(default_factory=list)


def choices(of: Desk) -> Choices:
    return Choices(
        topics=list(Topic.objects.order_by("name", "pk")),
        ways=[way for way in Way if way.reaches_people],
        personas=list(Persona.objects.order_by("position", "name").values_list("name", flat=True)),
        traits=["first_name", "name", "email", "country", *(name for name, _label in suggestions.traits())],
        snippets=list(Snippet.objects.order_by("name").values_list("name", flat=True)),
        templates=list(Template.objects.order_by("name")) if of.variant == BASE else [],
        kinds=[(name, kind) for name, kind in blocks.KINDS.items() if name != "score" or of.kind is StepKind.SURVEY],
    )


def snippets() -> list[Snippet]:
    return list(Snippet.objects.order_by("name"))


def templates() -> list[Template]:
    return list(Template.objects.order_by("name"))


def template_of(typed: str) -> Template | None:
    is_number = typed.isascii() and typed.isdecimal() and len(typed) < 10
    return Template.objects.filter(pk=int(typed)).first() if is_number else None
