"""Which tone and which language of a message somebody gets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.comparison import compare, value_at
from apps.customers.models import Customer

BODIES = ("body", "blocks", "mjml")
PARTS = ("subject", "preheader", *BODIES)
_LANGUAGE_TRAITS = ("locale", "language", "lang")


@dataclass(frozen=True)
class Variant:
    """`tone` is the place of a tone in the list; none and no language is the message itself."""

    tone: int | None = None
    language: str = ""


BASE = Variant()


def choose(settings: Mapping[str, Any], customer: Customer) -> Variant:
    """The first tone that fits; its words in the customer's language, else the message's own in that language, because
    being understood matters more than the tone."""
    tones = settings.get("tones") or []
    if not tones and not settings.get("languages"):
        return BASE
    tone = next((place for place, one in enumerate(tones) if _fits(one, customer)), None)
    ours = tones[tone].get("languages") if tone is not None else None
    language = _language(customer, ours or {})
    if tone is not None and language:
        return Variant(tone, language)
    language = _language(customer, settings.get("languages") or {})
    return Variant(None, language) if language else Variant(tone)


def _fits(tone: Mapping[str, Any], customer: Customer) -> bool:
    if "persona" in tone:
        return customer.persona is not None and customer.persona.name == tone["persona"]
    path, operator, expected = tone["trait"]
    return compare(operator, value_at(customer.traits, path), expected)


def _language(customer: Customer, known: Mapping[str, Any]) -> str:
    """Of `de-AT`: that, else `de`."""
    if not known:
        return ""
    folded = {code.lower(): code for code in known}
    for name in _LANGUAGE_TRAITS:
        said = customer.traits.get(name)
        if isinstance(said, str):
            wanted = said.strip().lower().replace("_", "-")
            found = folded.get(wanted) or folded.get(wanted.partition("-")[0])
            if found:
                return found
    return ""


def words(settings: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Subject, preheader and body as this variant has them: what it leaves out is the message's."""
    found: dict[str, Any] = {}
    for part in _layers(settings, variant):
        if any(name in part for name in BODIES):
            found = {name: value for name, value in found.items() if name not in BODIES}
        found |= {name: part[name] for name in PARTS if name in part}
    return found


def _layers(settings: Mapping[str, Any], variant: Variant) -> Iterator[Mapping[str, Any]]:
    yield settings
    where: Mapping[str, Any] = settings
    if variant.tone is not None:
        where = settings["tones"][variant.tone]
        yield where
    if variant.language:
        yield where["languages"][variant.language]


def own(settings: Mapping[str, Any], variant: Variant) -> Mapping[str, Any]:
    """What the variant itself says."""
    return list(_layers(settings, variant))[-1]


def name(settings: Mapping[str, Any], variant: Variant) -> str:
    tone = settings["tones"][variant.tone]["name"] if variant.tone is not None else ""
    return " · ".join(part for part in (tone, variant.language) if part)


def variants(settings: Mapping[str, Any]) -> list[Variant]:
    """All there are, the message itself first."""
    found = [BASE, *(Variant(None, language) for language in settings.get("languages") or {})]
    for place, tone in enumerate(settings.get("tones") or []):
        found.append(Variant(place))
        found += [Variant(place, language) for language in tone.get("languages") or {}]
    return found
