"""The effect of a campaign as the API tells it."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from math import isfinite
from typing import Any

from apps.campaigns import effect_words
from apps.campaigns.comparing import Difference
from apps.campaigns.selectors_effect import Comparison, Effect, Figures, Line, Side, Split


def effect(found: Effect) -> dict[str, Any]:
    return {
        "campaign": found.campaign.name,
        "since": found.since,
        "within_days": found.days_after,
        "total": _figures(found.total),
        "revenue_before_messages": _revenue(found.early),
        "treated": _side(found.treated),
        "holdout": _comparison(found.holdout) if found.holdout else None,
        "steps": [_line("step", line) for line in found.steps],
        "splits": [_split(split) for split in found.splits],
        "variants": [_line("variant", line) for line in found.variants],
        "channels": [_line("channel", line) for line in found.channels],
        "hours": [_line("hour", line) for line in found.hours],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return asdict(figures) | {"revenue": _revenue(figures.revenue)}


def _revenue(by_currency: Mapping[str, Decimal]) -> dict[str, float]:
    return {code: float(value) for code, value in sorted(by_currency.items())}


def _line(name: str, line: Line) -> dict[str, Any]:
    return {name: line.key, "name": line.label} | _figures(line.figures)


def _side(side: Side) -> dict[str, Any]:
    low, high = side.goal.interval
    return {
        "name": side.label,
        "n": side.goal.n,
        "goal": side.goal.hits,
        "goal_rate": side.goal.rate,
        "low": low,
        "high": high,
        "revenue_per_customer": {code: mean.mean for code, mean in sorted(side.worth.items())},
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "one": _side(found.one),
        "other": _side(found.other),
        "goal": _difference(found.goal),
        "sentence": effect_words.goal_sentence(found),
        "revenue_per_customer": {code: _difference(difference) for code, difference in found.worth},
    }


def _difference(difference: Difference) -> dict[str, Any]:
    low, high = (value if isfinite(value) else None for value in (difference.low, difference.high))
    return {
        "difference": difference.value,
        "low": low,
        "high": high,
        "n": difference.n,
        "verdict": difference.verdict,
    }


def _split(split: Split) -> dict[str, Any]:
    return {
        "step": split.number,
        "ways": [_side(side) | {"messages": _figures(side.figures)} for side in split.sides],
        "against_the_first": [_comparison(pair) for pair in split.pairs],
    }
