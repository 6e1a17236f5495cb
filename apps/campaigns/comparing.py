"""How sure an effect is: shares and means of two sets of customers, at 95 %. Pure; formulas with their sources."""

from dataclasses import dataclass
from math import exp, inf, lgamma, log, sqrt
from statistics import NormalDist

from apps.core import intervals

CONFIDENCE = 0.95
FEW = 20  # with fewer in one of the sets nothing is said


@dataclass(frozen=True)
class Share:
    """Of `n` so many."""

    hits: int
    n: int

    @property
    def rate(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return intervals.wilson(self.hits, self.n)


@dataclass(frozen=True)
class Mean:
    """Of `n` values their sum and the sum of their squares, which is all that a variance needs."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Of the sample, by n − 1."""
        return max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1)) if self.n > 1 else 0.0


@dataclass(frozen=True)
class Difference:
    """The first less the second. `verdict`: few, none, more or less."""

    value: float
    low: float
    high: float
    n: int  # of both

    is_few: bool = False

    @property
    def verdict(self) -> str:
        if self.is_few:
            return "few"
        return "more" if self.low > 0 else "less" if self.high < 0 else "none"


def of_shares(one: Share, other: Share, *, corrected_for: int = 1) -> Difference:
    """Newcombe's score interval (Statistics in Medicine 17, 1998, 873-890, method 10); see intervals.newcombe.
    `corrected_for`: so many comparisons are made at once (Bonferroni: each at 1 − 0.05 / m), so that the chance that
    any of them errs stays within 5 %."""
    n = one.n + other.n
    if not one.n or not other.n:
        return Difference(0.0, -1.0, 1.0, n, is_few=True)
    low, high = newcombe(one, other, z=NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * corrected_for)))
    return Difference(one.rate - other.rate, low, high, n, is_few=min(one.n, other.n) < FEW)


def newcombe(one: Share, other: Share, *, z: float) -> tuple[float, float]:
    """As intervals.newcombe, at any confidence."""
    (low, high), (less_low, less_high) = _wilson(one, z), _wilson(other, z)
    difference = one.rate - other.rate
    return (
        difference - sqrt((one.rate - low) ** 2 + (less_high - other.rate) ** 2),
        difference + sqrt((high - one.rate) ** 2 + (other.rate - less_low) ** 2),
    )


def _wilson(share: Share, z: float) -> tuple[float, float]:
    middle = (share.rate + z**2 / (2 * share.n)) / (1 + z**2 / share.n)
    margin = z * sqrt(share.rate * (1 - share.rate) / share.n + z**2 / (4 * share.n**2)) / (1 + z**2 / share.n)
    return max(0.0, middle - margin), min(1.0, middle + margin)


def of_means(one: Mean, other: Mean) -> Difference:
    """Welch's interval for means of unequal variances (Biometrika 34, 1947, 28-35), degrees of freedom by
    Satterthwaite (Biometrics Bulletin 2, 1946, 110-114)."""
    n = one.n + other.n
    if min(one.n, other.n) < 2:
        return Difference(one.mean - other.mean, -inf, inf, n, is_few=True)
    a, b = one.variance / one.n, other.variance / other.n
    value = one.mean - other.mean
    is_few = min(one.n, other.n) < FEW
    if not a + b:
        return Difference(value, value, value, n, is_few=True)
    freedom = (a + b) ** 2 / (a**2 / (one.n - 1) + b**2 / (other.n - 1))
    margin = student_quantile(1 - (1 - CONFIDENCE) / 2, freedom) * sqrt(a + b)
    return Difference(value, value - margin, value + margin, n, is_few=is_few)


# --- Quantiles


def student_quantile(p: float, freedom: float) -> float:
    """By bisection of the distribution function."""
    low, high = -1e4, 1e4
    for _step in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if student_share(middle, freedom) < p else (low, middle)
    return (low + high) / 2


def student_share(t: float, freedom: float) -> float:
    """P(T <= t) of Student's t by the regularised incomplete beta function (Abramowitz and Stegun 26.5.27, 26.7.1)."""
    tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
    return 1 - tail if t > 0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised; the continued fraction of Abramowitz and Stegun 26.5.8 by Lentz's method (Thompson and Barnett,
    Journal of Computational Physics 64, 1986, 490-509)."""
    if x in {0.0, 1.0}:
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 500):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _apart(1 + step * d), _apart(1 + step / c)
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * fraction


def _apart(value: float) -> float:
    """From zero."""
    return value if abs(value) > 1e-300 else 1e-300
