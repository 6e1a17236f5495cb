"""What a survey does after an answer: which question follows, how it thanks, where it leads. `Survey.by_answer` is a
list of rows such as `{"from": 0, "to": 6, "question": "…"}` or `{"option": "Price", "thanks": "…", "url": "…"}`; no two
rows are about the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey

MAX_ROWS = 12
LONGEST = {"question": 200, "thanks": 300, "url": 500, "url_label": 60}
_KEYS = {"from", "to", "option", *LONGEST}
type Row = dict[str, Any]


class ByAnswerError(ValueError):
    """Says which row is wrong and how to mend it. `number` counts from 0."""

    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.number = number


@dataclass(frozen=True)
class Thanks:
    text: str
    url: str = ""
    url_label: str = ""


def read(rows: Any, *, kind: SurveyKind, options: Sequence[str]) -> list[Row]:
    """The rows as they are kept. Raises ByAnswerError."""
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise ByAnswerError(_("Give a list of at most %(most)s rows.") % {"most": MAX_ROWS})
    if rows and kind is SurveyKind.TEXT:
        raise ByAnswerError(_("Answers in words alone cannot be told apart; take these rows out."))
    found: list[Row] = []
    taken: set[object] = set()
    for number, row in enumerate(rows):
        try:
            clean = _read_row(row, kind, options)
        except ByAnswerError as error:
            raise ByAnswerError(str(error), number) from error
        if taken.intersection(answers_of(clean)):
            raise ByAnswerError(_("Another row is about the same answer."), number)
        taken.update(answers_of(clean))
        found.append(clean)
    return found


def _read_row(row: Any, kind: SurveyKind, options: Sequence[str]) -> Row:
    if not isinstance(row, dict) or set(row) - _KEYS:
        raise ByAnswerError(_("A row has: %(keys)s.") % {"keys": ", ".join(sorted(_KEYS))})
    when = _read_option(row, options) if kind is SurveyKind.CHOICE else _read_range(row, kind)
    texts = {name: _read_text(row, name, most) for name, most in LONGEST.items()}
    if texts["url"]:
        _check_url(texts["url"])
    if not (texts["question"] or texts["thanks"] or texts["url"]):
        raise ByAnswerError(_("Say what follows: a question, a thank-you text or a link."))
    return {**when, **{name: text for name, text in texts.items() if text}}


def _read_option(row: Row, options: Sequence[str]) -> Row:
    if row.get("option") not in options:
        raise ByAnswerError(_("Choose one of the options."))
    return {"option": row["option"]}


def _read_range(row: Row, kind: SurveyKind) -> Row:
    low, high = row.get("from"), row.get("to")
    scale = kind.scale
    if type(low) is not int or type(high) is not int or low not in scale or high not in scale or low > high:
        words = {"low": scale[0], "high": scale[-1]}
        raise ByAnswerError(_("Give two numbers from %(low)s to %(high)s, the lower one first.") % words)
    return {"from": low, "to": high}


def _read_text(row: Row, name: str, most: int) -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or "\x00" in value:
        raise ByAnswerError(_("%(name)s must be a text.") % {"name": name})
    if len(value.strip()) > most:
        raise ByAnswerError(_("%(name)s: at most %(most)s characters.") % {"name": name, "most": most})
    return value.strip()


def _check_url(url: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError as error:
        raise ByAnswerError(_("The link must be an address that begins with https://.")) from error


def answers_of(row: Row) -> list[object]:
    """The scores or the option that the row is about."""
    return [row["option"]] if "option" in row else list(range(row["from"], row["to"] + 1))


def fitting(survey: Survey, *, score: int | None, chosen: Sequence[str]) -> list[Row]:
    given = {score, *chosen} - {None}
    return [row for row in survey.by_answer if given.intersection(answers_of(row))]


def asked(survey: Survey, *, score: int | None, chosen: Sequence[str]) -> str:
    """The question over the words, as it is put to who answers so; empty where nothing is asked."""
    if survey.kind == SurveyKind.TEXT:
        return ""
    questions = [row["question"] for row in fitting(survey, score=score, chosen=chosen) if "question" in row]
    return " ".join(questions) or survey.comment_label


def thanks(survey: Survey, *, score: int | None, chosen: Sequence[str]) -> Thanks:
    """The first row that fits says it; else the survey."""
    for row in fitting(survey, score=score, chosen=chosen):
        if "thanks" in row or "url" in row:
            url = row.get("url", "") if row.get("url", "").startswith(("https://", "http://")) else ""
            label = row.get("url_label", "") or (_("Go on") if url else "")
            return Thanks(row.get("thanks", survey.thanks), url, label)
    return Thanks(survey.thanks)
