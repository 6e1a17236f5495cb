"""The row of scores in a mail: each is a link that opens the survey's page with this answer chosen. Opening it stores
nothing, so that a mail scanner that follows every link answers nothing; the customer sends it with one click."""

from dataclasses import dataclass
from urllib.parse import urlencode

from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey


@dataclass(frozen=True)
class Choice:
    """`label` is what the link shows, `says` what it means where it stands at an end of the scale, else empty."""

    label: str
    url: str
    says: str = ""
    tone: str = ""


def score_row(survey: Survey, url: str) -> list[Choice]:
    """`url`: of the survey's page, /s/T. Lowest score first; the options of a choice; nothing for words alone."""
    kind = SurveyKind(survey.kind)
    if kind is SurveyKind.CHOICE:
        return [Choice(option, _with(url, "chosen", option)) for option in survey.options]
    ends = dict(zip((kind.scale[0], kind.scale[-1]), kind.ends, strict=True)) if kind.has_score else {}
    return [
        Choice(str(score), _with(url, "score", str(score)), ends.get(score, ""), _tone(kind, score))
        for score in kind.scale
    ]


def _with(url: str, name: str, value: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode({name: value})}"


def _tone(kind: SurveyKind, score: int) -> str:
    return "negative" if kind.is_bad(score) else "positive" if kind.is_good(score) else ""
