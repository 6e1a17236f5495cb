"""Against the reference values of scipy and statsmodels, which are not installed here; how each was computed stands
beside it."""

from math import isclose

import pytest

from apps.campaigns.comparing import (
    Mean,
    Share,
    newcombe,
    of_means,
    of_shares,
    student_quantile,
    student_share,
)  # fmt: skip
from apps.core import intervals


def mean_of(values: list[float]) -> Mean:
    return Mean(len(values), sum(values), sum(value * value for value in values))


# scipy.stats.t.ppf(p, df); also Abramowitz and Stegun, table 26.10.
@pytest.mark.parametrize(
    ("p", "freedom", "expected"),
    [(0.975, 1, 12.7062047), (0.975, 2, 4.30265273), (0.975, 10, 2.22813885), (0.975, 30, 2.04227246),
     (0.975, 120, 1.97993041), (0.995, 5, 4.03214298), (0.025, 10, -2.22813885), (0.975, 1e7, 1.95996423)],
)  # fmt: skip
def test_quantiles_of_student(p, freedom, expected):
    assert isclose(student_quantile(p, freedom), expected, rel_tol=1e-7)
    assert isclose(student_share(expected, freedom), p, rel_tol=1e-7)


# Newcombe 1998, table II, method 10: (a) 56/70 − 48/80, (c) 9/10 − 3/10, (d) 6/7 − 2/7, (e) 5/56 − 0/29,
# (f) 0/10 − 0/20. statsmodels: confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff").
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
     ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775)],
)  # fmt: skip
def test_the_difference_of_shares(one, other, low, high):
    found = of_shares(Share(*one), Share(*other))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    core = intervals.newcombe(*one, *other)
    assert isclose(found.low, core[0], rel_tol=1e-6)
    assert isclose(found.high, core[1], rel_tol=1e-6)


def test_more_comparisons_widen_each():
    one, other = Share(56, 70), Share(48, 80)
    single, of_three = of_shares(one, other), of_shares(one, other, corrected_for=3)
    # z at 1 − 0.05 / 6: scipy.stats.norm.ppf(0.99166667) = 2.39397980
    low, high = newcombe(one, other, z=2.3939798)
    assert isclose(of_three.low, low, abs_tol=1e-8)
    assert isclose(of_three.high, high, abs_tol=1e-8)
    assert of_three.low < single.low < single.high < of_three.high


def test_what_is_said_of_shares():
    assert of_shares(Share(0, 0), Share(5, 40)).verdict == "few"
    assert of_shares(Share(9, 10), Share(3, 10)).verdict == "few"
    assert of_shares(Share(56, 70), Share(48, 80)).verdict == "more"
    assert of_shares(Share(48, 80), Share(56, 70)).verdict == "less"
    assert of_shares(Share(50, 80), Share(48, 80)).verdict == "none"


def test_the_difference_of_means():
    """The data of Student (1908), in R: t.test(extra ~ group, data = sleep) says t = -1.8608, df = 17.776, 95 %
    interval -3.3654832 to 0.2054832; scipy.stats.ttest_ind(equal_var=False).confidence_interval(0.95) agrees."""
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    other = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = of_means(mean_of(one), mean_of(other))
    assert isclose(found.low, -3.3654832, abs_tol=5e-8)
    assert isclose(found.high, 0.2054832, abs_tol=5e-8)
    assert (found.n, found.verdict) == (20, "few")


def test_means_by_hand():
    """Three and three with a variance of 1 each: df = 4, for which t is 2.7764451."""
    found = of_means(mean_of([1, 2, 3]), mean_of([4, 5, 6]))
    margin = 2.7764451 * (2 / 3) ** 0.5
    assert isclose(found.low, -3 - margin, rel_tol=1e-7)
    assert isclose(found.high, -3 + margin, rel_tol=1e-7)


def test_means_of_customers_of_whom_few_bought():
    """30 of whom 10 spent 50, and 24 of whom 2 spent 40: variances over n are 19.157088 and 5.314010, so the degrees
    of freedom by Satterthwaite are 43.1352."""
    found = of_means(mean_of([0.0] * 20 + [50.0] * 10), mean_of([0.0] * 22 + [40.0] * 2))
    margin = student_quantile(0.975, 43.1352) * (19.157088 + 5.314010) ** 0.5
    assert isclose(found.value, 50 / 3 - 80 / 24)
    assert isclose(found.low, found.value - margin, rel_tol=1e-5)
    assert found.verdict == "more"


def test_nobody_who_bought_says_nothing():
    nothing = Mean(100, 0.0, 0.0)
    assert of_means(nothing, nothing).verdict == "few"
    assert of_means(Mean(1, 5, 25), nothing).verdict == "few"
