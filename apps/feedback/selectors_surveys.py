"""A survey in figures. Formulas: selectors.py."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from apps.feedback import selectors
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Response, Survey


@dataclass(frozen=True)
class Line:
    """A survey in a list: `score` where it has one and somebody answered."""

    survey: Survey
    n: int
    score: selectors.Score | None


@dataclass(frozen=True)
class Part:
    """One score or option: `share` of the answers in percent. Of several options the shares add up to more."""

    label: str
    n: int
    share: float


def lines(surveys: QuerySet[Survey]) -> list[Line]:
    """By name. Two queries however many there are."""
    rows = list(surveys.order_by("name", "pk"))
    counted = Response.objects.filter(survey__in=rows).order_by().values_list("survey", "kind", "score")
    answers: defaultdict[int, Counter[int]] = defaultdict(Counter)
    totals: Counter[int] = Counter()
    kinds = {row.pk: row.kind for row in rows}
    for pk, kind, score, n in counted.annotate(n=Count("pk")):
        totals[pk] += n
        if score is not None and kind == kinds[pk]:  # another scale's answers make no figure with these
            answers[pk][score] += n
    return [Line(row, totals[row.pk], selectors.score_of(SurveyKind(row.kind), answers[row.pk])) for row in rows]


def parts(survey: Survey) -> list[Part]:
    """How the answers are spread; nothing for words alone."""
    kind = SurveyKind(survey.kind)
    found = Response.objects.filter(survey=survey, kind=survey.kind)
    if kind.has_score:
        scores = Counter(found.values_list("score", flat=True))
        return _parts([(score, str(score)) for score in reversed(kind.scale)], scores, scores.total())
    if kind is not SurveyKind.CHOICE:
        return []
    given = list(found.values_list("chosen", flat=True))
    counts = Counter(option for chosen in given for option in chosen)
    gone = sorted(set(counts) - set(survey.options))
    return _parts([(one, one) for one in [*survey.options, *gone]], counts, len(given))


def _parts(labelled: Iterable[tuple[object, str]], counts: Counter[Any], n: int) -> list[Part]:
    return [Part(label, counts[key], 100 * counts[key] / n if n else 0) for key, label in labelled]


def answers(survey: Survey) -> QuerySet[Response]:
    return Response.objects.filter(survey=survey).select_related("customer", "survey", "case", "entered_by")
