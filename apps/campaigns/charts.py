"""Charts drawn on the server: numbers for the SVG of a template, in units of its view box. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 900.0, 160.0
_GAP = 0.2


@dataclass(frozen=True)
class Bar:
    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    most: int
    total: int
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def first(self) -> date:
        return self.bars[0].day

    @property
    def last(self) -> date:
        return self.bars[-1].day


def bars(days: Sequence[tuple[date, int]]) -> Bars | None:
    """One a day, the highest as high as the picture; none where nothing is counted."""
    most = max((count for _day, count in days), default=0)
    if not most:
        return None
    step = WIDTH / len(days)
    drawn = [
        Bar(
            day=day,
            count=count,
            x=round(number * step + step * _GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * count / most, 2),
            width=round(step * (1 - _GAP), 2),
            height=round(HEIGHT * count / most, 2),
        )
        for number, (day, count) in enumerate(days)
    ]
    return Bars(drawn, most, sum(count for _day, count in days))
