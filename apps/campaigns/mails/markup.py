"""The tiny mark-up of texts: paragraphs, **bold**, *italic*, [words](address), and addresses that stand there as they
are. Everything else is text. Works on text whose Liquid is hidden."""

import re
from collections.abc import Callable

from django.utils.html import escape

from apps.campaigns.mails.tokens import MARK, Tokens

_MARK = MARK.pattern.replace("(", "(?:")
_ADDRESS = rf"(?:https?://|mailto:|tel:)[^\s<>()\[\]]+|{_MARK}[^\s<>()\[\]]*"
_LINK = re.compile(rf"\[([^\[\]\n]{{1,500}})\]\(({_ADDRESS})\)")
_BARE = re.compile(rf"https?://[^\s<>\"]+|({_MARK})(\?[\w=&%.-]+)?")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_ENDS = ".,;:!?'"  # of a sentence, not of the address before


def to_html(hidden: str, tokens: Tokens, *, style: str = "", is_plain: bool = False) -> str:
    """`is_plain`: only addresses become links."""
    parts: list[str] = []
    for paragraph in _PARAGRAPHS.split(hidden.replace("\r\n", "\n").strip()):
        only_steers = not MARK.sub("", paragraph).strip() and not any(
            tokens.token(found.group()).startswith("{{") for found in MARK.finditer(paragraph)
        )
        inner = _inline(paragraph, tokens, is_plain=is_plain)
        parts.append(inner if only_steers else f'<p style="{style}">{inner}</p>')
    return "".join(parts)


def _inline(text: str, tokens: Tokens, *, is_plain: bool) -> str:
    if is_plain:
        return _with_bare(text, tokens, escape_lines)
    parts: list[str] = []
    at = 0
    for found in _LINK.finditer(text):
        parts.append(_with_bare(text[at : found.start()], tokens, _emphasised))
        parts.append(_anchor(found[2], _emphasised(found[1])))
        at = found.end()
    return "".join([*parts, _with_bare(text[at:], tokens, _emphasised)])


def _with_bare(text: str, tokens: Tokens, rest: Callable[[str], str]) -> str:
    """Emphasis reaches over marks, so only addresses cut the text."""
    parts: list[str] = []
    at = 0
    for found in _BARE.finditer(text):
        address, after = found.group(), ""
        if found[1] is None:
            address = address.rstrip(_ENDS)
            after = found.group()[len(address) :]
        elif not tokens.is_address(found[1]):
            continue
        parts += [rest(text[at : found.start()]), _anchor(address, escape(address)), rest(after)]
        at = found.end()
    return "".join([*parts, rest(text[at:])])


def _anchor(address: str, shown: str) -> str:
    return f'<a href="{escape(address)}">{shown}</a>'


def _emphasised(text: str) -> str:
    marked = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", escape(text)))
    return marked.replace("\n", "<br />")


def escape_lines(text: str) -> str:
    return escape(text).replace("\n", "<br />")


def to_text(hidden: str) -> str:
    """As somebody writes it who has no mark-up."""
    linked = _LINK.sub(lambda found: f"{found[1]}: {found[2]}", hidden.replace("\r\n", "\n").strip())
    return _ITALIC.sub(r"\1", _BOLD.sub(r"\1", linked))
