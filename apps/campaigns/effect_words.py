"""The effect of a campaign in words. What is not seen is said plainly."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.comparing import Difference
from apps.campaigns.selectors_effect import Comparison, Side, Split

COLUMN_LABELS = {
    "sent": gettext_lazy("Sent"), "delivered": gettext_lazy("Delivered"), "opened": gettext_lazy("Opened"),
    "machine_opened": gettext_lazy("By machine only"), "clicked": gettext_lazy("Clicked"),
    "replied": gettext_lazy("Replied"), "bounced": gettext_lazy("Bounced"),
    "complained": gettext_lazy("Complained"), "unsubscribed": gettext_lazy("Unsubscribed"),
    "goal": gettext_lazy("Goal"),
}  # fmt: skip


def percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else ""


def money(revenue: Mapping[str, Decimal | float]) -> list[str]:
    """Each currency by itself."""
    return [f"{value:,.2f} {code}" for code, value in sorted(revenue.items())]


def goal_sentence(found: Comparison) -> str:
    difference, words = found.goal, {"n": found.goal.n, "one": found.one.label, "other": found.other.label}
    if difference.verdict == "few":
        return _("Too few customers yet to say anything (n=%(n)s).") % words
    points = {"low": _points(difference.low), "high": _points(difference.high), "more": _points(difference.value)}
    if difference.verdict == "none":
        return _("No difference seen yet (n=%(n)s): %(more)s points, from %(low)s to %(high)s.") % (words | points)
    said = _("%(one)s: %(more)s points reached the goal against %(other)s, from %(low)s to %(high)s (n=%(n)s).")
    return said % (words | points)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def worth_sentence(code: str, difference: Difference) -> str:
    words = {"code": code, "n": difference.n, "more": f"{difference.value:+,.2f}"}
    if difference.verdict == "few":
        return _("%(code)s: too few customers yet to say anything (n=%(n)s).") % words
    words |= {"low": f"{difference.low:+,.2f}", "high": f"{difference.high:+,.2f}"}
    if difference.verdict == "none":
        said = _("%(code)s: no difference seen yet (n=%(n)s): %(more)s a customer, from %(low)s to %(high)s.")
    else:
        said = _("%(code)s: %(more)s a customer, from %(low)s to %(high)s (n=%(n)s).")
    return said % words


def comparison_words(found: Comparison) -> dict[str, Any]:
    return {
        "sides": [side_words(found.one), side_words(found.other)],
        "goal": goal_sentence(found),
        "verdict": found.goal.verdict,
        "worth": [worth_sentence(code, difference) for code, difference in found.worth],
    }


def side_words(side: Side) -> dict[str, Any]:
    low, high = side.goal.interval
    return {
        "label": side.label,
        "query": side.query,
        "n": side.goal.n,
        "hits": side.goal.hits,
        "rate": percent(side.goal.hits, side.goal.n),
        "interval": f"{100 * low:.1f}–{100 * high:.1f} %" if side.goal.n else "",
        "figures": side.figures,
        "opened": percent(side.figures.opened, side.figures.sent),
        "clicked": percent(side.figures.clicked, side.figures.sent),
        "worth": money({code: mean.mean for code, mean in side.worth.items()}),
    }


def split_words(split: Split) -> dict[str, Any]:
    return {
        "number": split.number,
        "sides": [side_words(side) for side in split.sides],
        "pairs": [(pair.one.label, pair.other.label, comparison_words(pair)) for pair in split.pairs],
        "is_many": len(split.pairs) > 1,
        "comparisons": len(split.pairs),
    }
