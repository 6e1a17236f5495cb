"""The frame of the brand, and the way from MJML to the HTML of a mail: laid out by mrml, its style sheet written into
the elements by css-inline, and cleaned by nh3, whoever wrote it."""

import re
from dataclasses import dataclass
from functools import cache

import css_inline
import mrml
import nh3
from django.utils.html import escape
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from apps.campaigns.mails.content import ContentError
from apps.campaigns.mails.markup import escape_lines
from apps.campaigns.mails.tokens import MARK, Tokens

_DEEPEST = 60
_FONT = "Inter, Helvetica, Arial, sans-serif"
_ACCENT_ON_DARK = "#A9A2FF"
_STYLE = """
.m-card a { color: %(accent)s; }
.m-foot a { color: #626C80; }
"""
_DARK = (
    "@media (prefers-color-scheme: dark) {"
    "body, .m-canvas { background: #0E1116 !important; }"
    ".m-card, .m-card > table { background: #161A22 !important; }"
    ".m-card div, .m-card td, .m-card p, .m-card h2 { color: #E9ECF2 !important; }"
    ".m-head div, .m-foot div, .m-foot p, .m-quiet td { color: #B2BAC8 !important; }"
    ".m-foot a { color: #B2BAC8 !important; }"
    f".m-card p a, .m-card td a {{ color: {_ACCENT_ON_DARK} !important; }}"
    ".m-button td a, .m-card a.m-score { color: #FFFFFF !important; }"
    "}"
)
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no mail program shows them either
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][\w:-]*)[^>]*?(/?)>", re.DOTALL)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_ATTRIBUTES = {
    "*": {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "role", "title",
          "aria-label", "aria-hidden", "aria-roledescription"},
    "a": {"href", "target", "name"},
    "img": {"src", "alt", "srcset", "border"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "vertical-align"}, "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "type"}, "font": {"color", "face", "size"},
}  # fmt: skip
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl",
    "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li",
    "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_STYLES = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]*?style=\"([^\"<>]*)\")?[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)
_IMPORTS = re.compile(r"@import[^;]*;|expression\s*\(|javascript:", re.IGNORECASE)
_OPENING = re.compile(r"<([a-z][\w-]*)((?:\s[^<>]*)?)>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w:-]+)=\"([^\"]*)\"")
_MAY_BE_FILLED = frozenset({"href", "src", "alt", "title"})


@dataclass(frozen=True)
class Look:
    """What stands around a message."""

    company: str
    address: str
    accent: str
    logo_url: str = ""
    footer: str = ""

    @property
    def foot(self) -> list[str]:
        """What stands below every message. An address that begins with the company's name says it itself."""
        is_named = self.address.casefold().startswith(self.company.casefold())
        parts = [self.footer, "" if is_named else self.company, self.address]
        return [part for part in parts if part.strip()]


def document(inner: str, look: Look, tokens: Tokens, *, preheader: str) -> str:
    """MJML of a whole mail, `inner` in the middle. What is given has its Liquid hidden."""
    return (
        f'{_head(look, preheader)}<mj-body background-color="#F6F7F9" width="600px" css-class="m-canvas">'
        f"{_top(look)}{inner}{foot(look, tokens)}</mj-body></mjml>"
    )


def card(inner: str) -> str:
    return (
        '<mj-section background-color="#FFFFFF" border-radius="10px" padding="24px 12px" css-class="m-card">'
        f"<mj-column>{inner}</mj-column></mj-section>"
    )


def _head(look: Look, preheader: str) -> str:
    preview = f"<mj-preview>{escape(preheader)}</mj-preview>" if preheader else ""
    return (
        f'<mjml lang="{get_language()}"><mj-head>{preview}<mj-attributes><mj-all font-family="{_FONT}"/>'
        '<mj-text font-size="16px" line-height="1.5" color="#171C26"/></mj-attributes>'
        f"<mj-style>{_STYLE % {'accent': look.accent}}</mj-style></mj-head>"
    )


def _top(look: Look) -> str:
    if look.logo_url:
        shown = (
            f'<mj-image src="{escape(look.logo_url)}" alt="{escape(look.company)}" width="140px" align="left" '
            'padding="0 12px"/>'
        )
    else:
        shown = f'<mj-text font-size="15px" font-weight="600" color="#475063">{escape(look.company)}</mj-text>'
    return f'<mj-section padding="20px 12px 8px" css-class="m-head"><mj-column>{shown}</mj-column></mj-section>'


def foot(look: Look, tokens: Tokens) -> str:
    lines = "<br />".join(escape_lines(part) for part in look.foot)
    links = (
        f'<a href="{tokens.keep("{{ preferences_link }}")}">{escape(_("Preferences"))}</a> · '
        f'<a href="{tokens.keep("{{ unsubscribe_link }}")}">{escape(_("Unsubscribe"))}</a>'
    )
    return (
        '<mj-section padding="12px" css-class="m-foot"><mj-column><mj-text font-size="13px" color="#626C80">'
        f'<p style="margin:0">{lines}<br />{links}</p></mj-text></mj-column></mj-section>'
    )


def to_html(mjml: str, tokens: Tokens) -> str:
    """`mjml` has its Liquid hidden, and so has what comes back. Raises ContentError."""
    mjml = _NO_XML.sub("", mjml)
    _check_depth(mjml)
    try:
        laid_out = mrml.to_html(tokens.between_elements(mjml)).content
    except OSError as error:
        raise ContentError(f"mjml: {error}"[:300]) from error
    inlined = _inliner().inline(laid_out)
    if any(MARK.search(style) for style in _STYLES.findall(inlined)):
        raise ContentError("mjml: Liquid may not stand in a style.")
    styles = "\n".join(_safe_style(style) for style in _STYLES.findall(inlined))
    found = _BODY.search(inlined)
    if found is None:
        raise ContentError("mjml: there is no mj-body.")
    style, inner = found.groups()
    clean = nh3.clean(
        inner,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        strip_comments=False,
        url_schemes={"http", "https", "mailto", "tel", "sms"},
        link_rel=None,
    )
    _check_places(clean)
    return _page(clean, styles, style or "")


def _page(inner: str, styles: str, body_style: str) -> str:
    way = "rtl" if get_language_bidi() else "auto"
    return (
        f'<!doctype html><html dir="{way}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<style>{styles}\n{_DARK}</style></head>"
        f'<body class="m-canvas" style="{body_style}">{inner}</body></html>'
    )


def _safe_style(style: str) -> str:
    return _IMPORTS.sub("", style.replace("<", "").replace("\\", "")).strip()


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _check_depth(mjml: str) -> None:
    """The parsers go down by recursion."""
    depth = 0
    for closes, name, closed in _ELEMENT.findall(mjml):
        if name.lower() in _VOID or closed:
            continue
        depth += -1 if closes else 1
        if depth > _DEEPEST:
            raise ContentError(f"mjml: more than {_DEEPEST} elements are nested.")


def _check_places(clean: str) -> None:
    """A value in a style or a size could be anything; in a text it is escaped, in an address it is checked."""
    for _name, attributes in _OPENING.findall(clean):
        for name, value in _ATTRIBUTE.findall(attributes):
            if name.lower() not in _MAY_BE_FILLED and MARK.search(value):
                raise ContentError(f"mjml: Liquid may stand in texts, addresses and descriptions, not in {name}.")
