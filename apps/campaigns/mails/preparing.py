"""The frame of a message: all that no recipient changes, made once for each version of a step, variant and look of the
brand. Filling it renders a few small templates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
from django.utils import translation
from django.utils.translation import gettext as _
from liquid import BoundTemplate

from apps.campaigns import liquid
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.mails import blocks, choosing, defaults, framing, links, markup, rewriting
from apps.campaigns.mails.branding import Surroundings
from apps.campaigns.mails.choosing import Variant
from apps.campaigns.mails.content import ContentError
from apps.campaigns.mails.defaults import Question, literal
from apps.campaigns.mails.tokens import Tokens, outside
from apps.feedback.enums import SurveyKind

_SNIPPET = re.compile(r"\{\{-?\s*snippets\.([\w-]+)\s*-?\}\}")
_SNIPPETS_DEEP = 3
_URL = re.compile(r"https?://[^\s<>\"()\[\]]+[^\s<>\"()\[\].,;:!?']")
_STOPS = re.compile(r"\bstop\b|unsubscribe", re.IGNORECASE)
_TOP = "service"


@dataclass(frozen=True)
class Frame:
    """`head` and `tail` are the HTML before and after what is filled; there is no `html` where a channel takes only
    text. `names`: what the templates ask for. `campaign`: what links are named."""

    subject: BoundTemplate
    text: BoundTemplate
    names: frozenset[str]
    html: BoundTemplate | None = None
    head: str = ""
    tail: str = ""
    button: tuple[BoundTemplate, BoundTemplate] | None = None
    campaign: links.Names = ()
    is_tracked: bool = True
    variant: str = ""


@dataclass(frozen=True)
class _Given:
    """What a way makes its frame of."""

    words: dict[str, Any]
    settings: Mapping[str, Any]
    around: Surroundings
    question: Question | None
    campaign: links.Names


def frame(
    *, kind: StepKind, settings: Mapping[str, Any], variant: Variant, around: Surroundings, question: Question | None
) -> Frame:
    """Raises ContentError or liquid.TemplateError for settings that `contents.check` would refuse."""
    return _frame(orjson.dumps(settings), kind, variant, around, question)


@lru_cache(maxsize=512)
def _frame(key: bytes, kind: StepKind, variant: Variant, around: Surroundings, question: Question | None) -> Frame:
    settings = orjson.loads(key)
    way = Way(settings.get("channel", Way.EMAIL))
    with translation.override(_known(variant.language) or around.language):
        words = defaults.words(kind, way, choosing.words(settings, variant), question)
        words = _with_snippets(words, dict(around.snippets))
        named = settings.get("utm", True) and around.campaign
        campaign = (("utm_source", "milepost"), ("utm_medium", way.value), ("utm_campaign", around.campaign))
        made = _WAYS[way](_Given(words, settings, around, question, campaign if named else ()))
    return replace(made, variant=choosing.name(settings, variant))


def _known(language: str) -> str:
    """Of the languages that our own words have."""
    try:
        return translation.get_supported_language_variant(language) if language else ""
    except LookupError:
        return ""


def _with_snippets(words: dict[str, Any], snippets: Mapping[str, str]) -> dict[str, Any]:
    """Each `{{ snippets.NAME }}` is what the snippet says, Liquid and all."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        if isinstance(value, dict):
            return {name: changed(one) for name, one in value.items()}
        if isinstance(value, str) and "snippets." in value:
            for _time in range(_SNIPPETS_DEEP):
                value = _SNIPPET.sub(lambda found: snippets.get(found[1], found.group()), value)
        return value

    return {name: changed(value) for name, value in words.items()}


def _made(given: _Given, text: str, clean: str = "", tokens: Tokens | None = None) -> Frame:
    named = outside(text, _URL, lambda found: links.with_campaign(found.group(), given.campaign))
    subject = given.words["subject"]
    head, middle, tail = rewriting.filled_part(tokens, clean) if tokens else ("", "", "")
    names = (
        liquid.names(named) | liquid.names(subject) | (liquid.names(middle, is_html=True) if middle else frozenset())
    )
    return Frame(
        subject=liquid.compiled(subject),
        text=liquid.compiled(named),
        names=frozenset(name.partition(".")[0].partition("[")[0] for name in names),
        html=liquid.compiled(middle, is_html=True) if tokens else None,
        head=head,
        tail=tail,
        campaign=given.campaign,
        is_tracked=bool(given.settings.get("track", True)),
    )


def _email(given: _Given) -> Frame:
    tokens = Tokens()
    look = given.around.look
    mjml, text = _document(given, tokens)
    end = f"\n\n-- \n{literal('\n'.join(look.foot))}\n"
    if "unsubscribe_link" not in text:
        end += f"{_('Unsubscribe')}: {{{{ unsubscribe_link }}}}\n"
    return _made(given, f"{text.strip()}{end}", framing.to_html(mjml, tokens), tokens)


def _document(given: _Given, tokens: Tokens) -> tuple[str, str]:
    """MJML whose Liquid is hidden, and the text whose Liquid is shown."""
    words, look = given.words, given.around.look
    preheader = tokens.hide(words.get("preheader", ""))
    if "mjml" in words:
        return _own_document(words["mjml"].strip(), preheader, given, tokens)
    setting = _setting(given, tokens)
    if "blocks" in words:
        hidden = [
            {name: tokens.hide(value) if isinstance(value, str) else value for name, value in block.items()}
            for block in words["blocks"]
        ]
        inner, text = blocks.to_mjml(hidden, setting), tokens.show(blocks.to_text(hidden, setting))
    else:
        inner, text = blocks.plain(tokens.hide(words["body"]), setting), words["body"]
    return framing.document(framing.card(inner), look, tokens, preheader=preheader), text


def _own_document(source: str, preheader: str, given: _Given, tokens: Tokens) -> tuple[str, str]:
    """A whole document keeps its own look, and gets what the law asks for where it lacks it; sections stand in the
    frame of the brand."""
    hidden, look = tokens.hide(source), given.around.look
    if not hidden.startswith("<mjml"):
        whole = f"<mjml><mj-body>{hidden}</mj-body></mjml>"
        text = _text_of(whole, tokens)
        return framing.document(hidden, look, tokens, preheader=preheader), text
    text = _text_of(hidden, tokens)
    if "unsubscribe_link" not in source:
        before, end, after = hidden.rpartition("</mj-body>")
        hidden = f"{before}{framing.foot(look, tokens)}{end}{after}"
    return hidden, text


def _text_of(mjml: str, tokens: Tokens) -> str:
    return tokens.show(literal(rewriting.to_text(framing.to_html(mjml, tokens))))


def _setting(given: _Given, tokens: Tokens) -> blocks.Setting:
    accent = given.around.look.accent
    if given.question is None:
        return blocks.Setting(tokens, accent)
    kind = SurveyKind(given.question.kind)
    return blocks.Setting(tokens, accent, kind.scale, kind.ends)


def _sms(given: _Given) -> Frame:
    """Text alone; how to stop is said where the law wants it and nobody wrote it."""
    text = given.words["body"].strip()
    if given.settings.get("topic") != _TOP and not _STOPS.search(text):
        text += "\n" + _("Reply STOP to opt out")
    return _made(given, text)


def _web(given: _Given) -> Frame:
    """A note on the web site: paragraphs and a button, in the site's own look."""
    tokens = Tokens()
    body = given.words["body"].strip()
    button = given.settings.get("button")
    made = _made(given, body, markup.to_html(tokens.hide(body), tokens, is_plain=True), tokens)
    if not button:
        return made
    label, url = button["label"], button["url"]
    names = {name.partition(".")[0] for name in liquid.names(label) | liquid.names(url)}
    return replace(made, button=(liquid.compiled(label), liquid.compiled(url)), names=made.names | names)


def _webhook(_given: _Given) -> Frame:
    raise ContentError("channel: a webhook has no words of its own.")


_WAYS: dict[Way, Callable[[_Given], Frame]] = {
    Way.EMAIL: _email,
    Way.SMS: _sms,
    Way.WEB: _web,
    Way.WEBHOOK: _webhook,
}
