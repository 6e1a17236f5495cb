"""Scores with how sure they are. Formulas: domain.md, "Scores"; checked against shared/data/survey_scores."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from django.db.models import Count, QuerySet

from apps.core.intervals import Z, wilson
from apps.feedback.enums import WITH_SCORE, SurveyKind
from apps.feedback.models import Response, Review


@dataclass(frozen=True)
class Score:
    """In percent points: NPS -100 to 100, CSAT and CES 0 to 100; stars: their mean, 1 to 5. low and high bound the 95 %
    interval; `mean` stands beside a share."""

    kind: str
    score: float
    n: int
    low: float
    high: float
    mean: float | None = None


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


def share(*, kind: str, good: int, n: int, mean: float | None = None) -> Score:
    """Share of good answers with the Wilson interval."""
    low, high = wilson(good, n)
    return Score(kind=kind, score=100 * good / n, n=n, low=100 * low, high=100 * high, mean=mean)


def stars(answers: Counter[int]) -> Score:
    """Mean m; interval m ± z · s / √n, s² = Σ(x − m)² / (n − 1), cut to the scale. Of one answer: the whole scale."""
    n, scale = answers.total(), SurveyKind.STARS.scale
    mean = _mean(answers)
    low, high = float(scale[0]), float(scale[-1])
    if n > 1:
        variance = sum(count * (score - mean) ** 2 for score, count in answers.items()) / (n - 1)
        margin = Z * sqrt(variance / n)
        low, high = max(low, mean - margin), min(high, mean + margin)
    return Score(kind=SurveyKind.STARS, score=mean, n=n, low=low, high=high)


def _mean(answers: Counter[int]) -> float:
    return sum(score * count for score, count in answers.items()) / answers.total()


def score_of(kind: SurveyKind, answers: Counter[int]) -> Score | None:
    """`answers`: how many gave each score; None without any, and for a kind without scores."""
    n = answers.total()
    if not n or not kind.has_score:
        return None
    if kind is SurveyKind.STARS:
        return stars(answers)
    good = sum(count for score, count in answers.items() if kind.is_good(score))
    if kind is SurveyKind.NPS:
        bad = sum(count for score, count in answers.items() if kind.is_bad(score))
        return nps(promoters=good, passives=n - good - bad, detractors=bad)
    return share(kind=kind, good=good, n=n, mean=_mean(answers))


def scores(*, since: datetime) -> list[Score]:
    """One for each kind that has answers since then; kinds are never mixed."""
    answers: dict[str, Counter[int]] = {kind: Counter() for kind in WITH_SCORE}
    scored = Response.objects.filter(kind__in=answers, score__isnull=False, answered_at__gte=since)
    for kind, score, count in scored.order_by().values_list("kind", "score").annotate(n=Count("pk")):
        answers[kind][score or 0] += count
    found = [score_of(kind, answers[kind]) for kind in WITH_SCORE]
    return [score for score in found if score is not None]


def reviews(*, site: str = "", stars: str = "", is_waiting: bool = False) -> QuerySet[Review]:
    """Of one site by its name, with that many stars, only those without a reply; each where it is said."""
    found = Review.objects.select_related("site", "customer")
    if site and "\x00" not in site:
        found = found.filter(site__name=site)
    if stars in {"1", "2", "3", "4", "5"}:
        found = found.filter(rating=int(stars))
    return found.filter(reply="") if is_waiting else found
