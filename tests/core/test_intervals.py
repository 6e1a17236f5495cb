"""Against the tables of the papers."""

import pytest

from apps.core.intervals import newcombe, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662),
     (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718), (0, 0, 0.0, 1.0)],
)  # fmt: skip
def test_wilson(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
     ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
     ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0)],
)  # fmt: skip
def test_newcombe_method_10_of_table_ii(one, other, low, high):
    assert newcombe(*one, *other) == pytest.approx((low, high), abs=0.00005)
    assert newcombe(*other, *one) == pytest.approx((-high, -low), abs=0.00005)
