"""How sure a share is, and the difference of two. Everything in parts of one, at 95 %."""

from math import sqrt

Z = 1.959964


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The score interval: Wilson, JASA 22 (1927), 209-212. Of nothing anything may be true."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    margin = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(0.0, middle - margin), min(1.0, middle + margin)


def newcombe(hits: int, n: int, less_hits: int, less_n: int) -> tuple[float, float]:
    """Of the first share less the second, from two different sets: Newcombe, Statistics in Medicine 17 (1998), 873-890,
    method 10. Both n are positive."""
    one, other = hits / n, less_hits / less_n
    low, high = wilson(hits, n)
    less_low, less_high = wilson(less_hits, less_n)
    difference = one - other
    return (
        difference - sqrt((one - low) ** 2 + (less_high - other) ** 2),
        difference + sqrt((high - one) ** 2 + (other - less_low) ** 2),
    )
