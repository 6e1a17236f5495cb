"""The last steps from clean HTML, whose Liquid is still hidden, to templates: addresses go through the filter that
counts and checks them, and the parts before and after what is filled stay as they are."""

import html
import re
from html.parser import HTMLParser

from apps.campaigns.mails.tokens import MARK, Tokens

_HREF = re.compile(r'(\shref=")([^"]*)(")')
_SRC = re.compile(r'(\ssrc=")([^"]*)(")')
_OUTPUT = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BRACE = re.compile(r"\{(?=[{%])")
_OWN = frozenset({"link", "unsubscribe_link", "preferences_link"})
_BREAKS = frozenset(
    [
        "p",
        "div",
        "tr",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "blockquote",
        "section",
        "br",
        "hr",
    ]
)


def filled_part(tokens: Tokens, clean: str) -> tuple[str, str, str]:
    """The part that is a template, between what is before and after it."""
    clean = _BRACE.sub("&#123;", clean)  # what looked like Liquid only after it was decoded is text
    addressed = _HREF.sub(lambda found: f"{found[1]}{_address(found[2], tokens)}{found[3]}", clean)
    shown = tokens.show(_SRC.sub(lambda found: f"{found[1]}{_picture(found[2], tokens)}{found[3]}", addressed))
    places = [found.span() for found in _LIQUID.finditer(shown)]
    if not places:
        return shown, "", ""
    start, end = places[0][0], places[-1][1]
    return shown[:start], shown[start:end], shown[end:]


def _address(hidden: str, tokens: Tokens) -> str:
    """As a template. What leads to our own pages is left alone."""
    mark = MARK.match(hidden)
    if mark and tokens.path(mark.group()) in _OWN and not MARK.search(hidden, mark.end()):
        return hidden
    if MARK.fullmatch(hidden):
        return _filtered(tokens.token(hidden), "tracked")
    if MARK.search(hidden):
        return f"{{% capture address %}}{hidden}{{% endcapture %}}{{{{ address | tracked }}}}"
    url = html.unescape(hidden).replace("'", "%27").replace("{", "%7B").replace("}", "%7D")
    return f"{{{{ '{url}' | tracked }}}}"


def _picture(hidden: str, tokens: Tokens) -> str:
    if MARK.fullmatch(hidden):
        return _filtered(tokens.token(hidden), "picture")
    if MARK.search(hidden):
        return f"{{% capture address %}}{hidden}{{% endcapture %}}{{{{ address | picture }}}}"
    return hidden


def _filtered(token: str, name: str) -> str:
    found = _OUTPUT.fullmatch(token)
    return f"{{{{ {found[1].strip()} | {name} }}}}" if found else token


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hrefs: list[str] = []
        self._skips = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in {"style", "title", "head"}:
            self._skips += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "a":
            self._hrefs.append(said.get("href") or "")
        elif tag == "img" and said.get("alt"):
            self.parts.append(said["alt"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title", "head"}:
            self._skips -= 1
        elif tag == "a" and self._hrefs:
            href = self._hrefs.pop()
            if href and href != "#" and not "".join(self.parts).rstrip().endswith(href):
                self.parts.append(f" ({href})")
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._skips <= 0:
            self.parts.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        if MARK.fullmatch(data):
            self.parts.append(data)


def to_text(clean: str) -> str:
    """For those who read no HTML."""
    reader = _Text()
    reader.feed(clean)
    reader.close()
    lines = [" ".join(line.split(" ")).strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
