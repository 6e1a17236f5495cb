"""Whether the settings of a step that sends can be written into a message: shape first, then a frame is made of each
variant, so that what could fail for everybody fails here."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.mails import blocks, branding, choosing, preparing
from apps.campaigns.mails.choosing import BODIES, PARTS
from apps.campaigns.mails.content import MOST_SUBJECT, ContentError
from apps.campaigns.mails.defaults import Question
from apps.campaigns.mails.links import is_address
from apps.campaigns.models import Campaign
from apps.core.comparison import RuleError, check_comparison
from apps.core.models import CompanySettings
from apps.feedback.enums import SurveyKind

MOST_TONES, MOST_LANGUAGES, MOST_NAME, MOST_PREHEADER = 20, 40, 60, 300
_SHARED = {"channel", "topic", "tones", "languages", "track", "utm", "at_preferred_time", "button", *PARTS}
_OF_KIND = {
    StepKind.MESSAGE: _SHARED,
    StepKind.SURVEY: {*_SHARED, "survey"},
    StepKind.REVIEW_REQUEST: {*_SHARED, "sites"},
}
_FLAGS = ("track", "utm", "at_preferred_time")


def check(kind: StepKind, settings: dict[str, Any]) -> None:
    _only(settings, _OF_KIND[kind], "")
    way = Way(settings.get("channel", Way.EMAIL))
    needs_words = kind is StepKind.MESSAGE
    _part(settings, "", kind, way, is_whole=needs_words)
    _languages(settings.get("languages"), "", kind, way)
    _tones(settings.get("tones"), kind, way)
    _button(settings.get("button"), way)
    for name in _FLAGS:
        if not isinstance(settings.get(name, False), bool):
            raise ContentError(f"{name} must be true or false.")
    _frames(kind, settings)


def _only(data: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(name) for name in set(data) - known)
    if unknown:
        raise ContentError(f"{where}unknown or not supported: {unknown[0]!r}. Known are: {', '.join(sorted(known))}.")


def _part(data: Mapping[str, Any], where: str, kind: StepKind, way: Way, *, is_whole: bool) -> None:
    """`is_whole`: subject and body may not be left out."""
    bodies = [name for name in BODIES if name in data]
    if len(bodies) > 1:
        raise ContentError(f"{where}{bodies[1]}: a message has one of {', '.join(BODIES)}, not several.")
    if way is not Way.EMAIL and any(name in data for name in ("blocks", "mjml", "preheader")):
        raise ContentError(
            f"{where}{bodies[0] if bodies else 'preheader'}: for {way.label}, write a body of plain text."
        )
    needs_subject = is_whole and way is not Way.SMS
    for name, most, is_needed in (
        ("subject", MOST_SUBJECT, needs_subject),
        ("preheader", MOST_PREHEADER, False),
        ("body", liquid.MAX_SOURCE, is_whole and not bodies),
        ("mjml", liquid.MAX_SOURCE, False),
    ):
        if name in data or is_needed:
            _text(data.get(name), f"{where}{name}", most)
    if "blocks" in data:
        _named(where, lambda: blocks.check(data["blocks"], has_scale=kind is StepKind.SURVEY))


def _named(where: str, do: Callable[[], None]) -> None:
    try:
        do()
    except ContentError as error:
        raise ContentError(f"{where}{error}") from error


def _text(value: Any, name: str, most: int) -> None:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ContentError(f"{name} must be a text that is not empty.")
    if len(value) > most:
        raise ContentError(f"{name} may have at most {most:,} characters.")
    try:
        liquid.check(value)
    except liquid.TemplateError as error:
        raise ContentError(f"{name}: {error}") from error


def _languages(value: Any, where: str, kind: StepKind, way: Way) -> None:
    if value is None:
        return
    if not isinstance(value, dict) or len(value) > MOST_LANGUAGES:
        raise ContentError(f"{where}languages must be an object of at most {MOST_LANGUAGES}.")
    for code, part in value.items():
        here = f"{where}languages, {code}: "
        if not _is_code(code) or not isinstance(part, dict):
            raise ContentError(f"{here}write a code such as de or pt-br, and an object with what it says.")
        _only(part, set(PARTS), here)
        _part(part, here, kind, way, is_whole=False)


def _is_code(code: Any) -> bool:
    parts = str(code).split("-")
    return len(str(code)) <= 12 and parts[0].isascii() and all(part.isalnum() and part.isascii() for part in parts)


def _tones(value: Any, kind: StepKind, way: Way) -> None:
    if value is None:
        return
    if not isinstance(value, list) or len(value) > MOST_TONES:
        raise ContentError(f"tones must be a list of at most {MOST_TONES}.")
    seen: set[str] = set()
    for number, tone in enumerate(value, 1):
        where = f"tones, {number}: "
        if not isinstance(tone, dict):
            raise ContentError(f"{where}must be an object.")
        _only(tone, {"name", "persona", "trait", "languages", *PARTS}, where)
        _whom(tone, where)
        if tone["name"] in seen:
            raise ContentError(f"{where}there is another of that name.")
        seen.add(tone["name"])
        _part(tone, where, kind, way, is_whole=False)
        _languages(tone.get("languages"), where, kind, way)


def _whom(tone: Mapping[str, Any], where: str) -> None:
    name = tone.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MOST_NAME or "\x00" in name or "·" in name:
        raise ContentError(f"{where}name must be a text of at most {MOST_NAME} characters.")
    if ("persona" in tone) == ("trait" in tone):
        raise ContentError(f"{where}say whom it is for: either persona or trait.")
    persona = tone.get("persona", "x")
    if not isinstance(persona, str) or not persona.strip() or "\x00" in persona or len(persona) > 100:
        raise ContentError(f"{where}persona must be the name of one.")
    if "trait" in tone:
        try:
            check_comparison(tone["trait"], where=f"{where}trait")
        except RuleError as error:
            raise ContentError(str(error)) from error


def _button(button: Any, way: Way) -> None:
    if button is None:
        return
    if way is not Way.WEB or not isinstance(button, dict) or set(button) != {"label", "url"}:
        raise ContentError("button: a note on the web site may have one, with a label and a url.")
    _text(button["label"], "button, label", 200)
    _text(button["url"], "button, url", 2000)
    if not is_address(button["url"]) and not button["url"].strip().startswith("{{"):
        raise ContentError("button, url must be a whole address such as https://shop.example/.")


def _frames(kind: StepKind, settings: dict[str, Any]) -> None:
    question = Question(SurveyKind.NPS.value, "?") if kind is StepKind.SURVEY else None
    around = branding.around(CompanySettings(pk=1), Campaign(name="check"))
    for variant in choosing.variants(settings):
        try:
            preparing.frame(kind=kind, settings=settings, variant=variant, around=around, question=question)
        except (ContentError, liquid.TemplateError) as error:
            name = choosing.name(settings, variant)
            raise ContentError(f"{name}: {error}" if name else str(error)) from error
