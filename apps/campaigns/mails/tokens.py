"""Liquid inside mark-up: while MJML and HTML are parsed and cleaned, each tag of Liquid is a mark that they leave
alone. An output is a piece of text; what steers, such as `{% for %}`, is a comment where it stands between elements,
because text there would be moved out of a table."""

import re
import secrets
from collections.abc import Callable

_TOKEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_OPEN, _CLOSE = f"q{secrets.token_hex(5)}x", "z"  # nobody's text has it
MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_COMMENT = re.compile(f"<!--({_OPEN}\\d+{_CLOSE})-->")
_TAG_OR_MARK = re.compile(f"<[a-zA-Z/!][^>]*>|{_OPEN}\\d+{_CLOSE}", re.DOTALL)
_PATH = re.compile(r"\{\{-?\s*([\w.-]+)\s*(?:\||-?\}\})")


class Tokens:
    def __init__(self) -> None:
        self._kept: list[str] = []

    def hide(self, source: str) -> str:
        return _TOKEN.sub(self._hidden, source)

    def keep(self, token: str) -> str:
        """The mark of one more token."""
        self._kept.append(token)
        return f"{_OPEN}{len(self._kept) - 1}{_CLOSE}"

    def _hidden(self, found: re.Match[str]) -> str:
        return self.keep(found.group())

    def between_elements(self, hidden: str) -> str:
        """Marks of what steers become comments, but for those inside a tag."""

        def placed(found: re.Match[str]) -> str:
            text = found.group()
            return f"<!--{text}-->" if text.startswith(_OPEN) and self.token(text).startswith("{%") else text

        return _TAG_OR_MARK.sub(placed, hidden)

    def show(self, hidden: str) -> str:
        return MARK.sub(lambda found: self._kept[int(found[1])], _COMMENT.sub(r"\1", hidden))

    def token(self, mark: str) -> str:
        found = MARK.fullmatch(mark)
        return self._kept[int(found[1])] if found else ""

    def path(self, mark: str) -> str:
        """What an output puts out, such as `item.url`; empty for everything else."""
        found = _PATH.match(self.token(mark))
        return found[1] if found else ""

    def is_address(self, mark: str) -> bool:
        last = self.path(mark).rpartition(".")[2]
        return last in {"url", "link"} or last.endswith(("_url", "_link"))


def outside(source: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> str:
    """`re.sub` on what of a template is text."""
    parts: list[str] = []
    at = 0
    for found in _TOKEN.finditer(source):
        parts += [pattern.sub(replace, source[at : found.start()]), found.group()]
        at = found.end()
    return "".join([*parts, pattern.sub(replace, source[at:])])
