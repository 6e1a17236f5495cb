"""Scores with how sure they are. Formulas: domain.md, "Scores"; checked against shared/data/survey_scores."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from apps.feedback.enums import SurveyKind
from apps.feedback.models import Response

Z = 1.959964


@dataclass(frozen=True)
class Score:
    """In percent points: NPS -100 to 100, CSAT and CES 0 to 100; low and high bound the 95 % interval."""

    kind: str
    score: float
    n: int
    low: float
    high: float


def nps(*, promoters: int, passives: int, detractors: int) -> Score:
    """100 (p - d); interval: adjusted Wald, which adds 3/4, 3/2 and 3/4 of an answer first, cut to the scale."""
    n = promoters + passives + detractors
    p, q, d = promoters + 0.75, passives + 1.5, detractors + 0.75
    total = p + q + d
    middle = (p - d) / total
    margin = Z * sqrt(((p + d) / total - middle**2) / total)
    return Score(
        kind=SurveyKind.NPS,
        score=100 * (promoters - detractors) / n,
        n=n,
        low=max(-100.0, 100 * (middle - margin)),
        high=min(100.0, 100 * (middle + margin)),
    )


def share(*, kind: str, good: int, n: int) -> Score:
    """Share of good answers with the Wilson interval."""
    p = good / n
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    margin = Z * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return Score(kind=kind, score=100 * p, n=n, low=100 * (middle - margin), high=100 * (middle + margin))


def scores(*, since: datetime) -> list[Score]:
    """One for each kind that has answers since then; kinds are never mixed."""
    found = []
    for kind in SurveyKind:
        answers = Counter(Response.objects.filter(kind=kind, answered_at__gte=since).values_list("score", flat=True))
        n = answers.total()
        if not n:
            continue
        good = sum(count for score, count in answers.items() if kind.is_good(score))
        if kind is SurveyKind.NPS:
            bad = sum(count for score, count in answers.items() if kind.is_bad(score))
            found.append(nps(promoters=good, passives=n - good - bad, detractors=bad))
        else:
            found.append(share(kind=kind, good=good, n=n))
    return found
