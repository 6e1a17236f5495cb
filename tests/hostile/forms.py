"""What a browser sees of the forms of a page: names and values, as they would be sent back."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    values: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._textarea: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {key: value or "" for key, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.forms.append(Form(said.get("action", "")))
        elif not self.forms:
            return
        elif tag == "input" and name:
            if said.get("type") not in {"checkbox", "radio"} or "checked" in said:
                self.forms[-1].values[name] = said.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            self.forms[-1].values[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and (self._select not in self.forms[-1].values or "selected" in said):
            self.forms[-1].values[self._select] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None:
            values = self.forms[-1].values
            values[self._textarea] = values[self._textarea].removeprefix("\n")  # mark-up, not text
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.forms[-1].values[self._textarea] += data


def forms(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.forms


def form_with(page: str, name: str, where: str) -> Form:
    """The form that has a control of that name."""
    found = [one for one in forms(page) if name in one.values]
    assert found, f"{where}: no form with {name} but {[sorted(one.values) for one in forms(page)]}"
    return found[0]
