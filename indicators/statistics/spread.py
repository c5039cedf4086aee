"""Standard deviation and z-score."""

import math
from collections.abc import Sequence

from indicators.averages.sma import mean
from indicators.forms.arithmetic import Values, ratio, square_root
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def deviation(window: Sequence[Values]) -> Values:
    """Return the root of the mean squared distance from the mean."""
    return _deviation_from(mean(window), window)


def score(window: Sequence[Values]) -> Values:
    """Return the newest value's distance from the mean in standard deviations."""
    middle = mean(window)
    return ratio(window[-1] - middle, _deviation_from(middle, window), math.nan)


def _deviation_from(middle: Values, window: Sequence[Values]) -> Values:
    squares: Values = 0.0
    for values in window:
        distance = values - middle
        distance *= distance
        squares += distance
    return square_root(squares / len(window))


class StandardDeviation(Indicator, frozen=True):
    """Standard deviation of the last ``period`` values (population: divided by ``period``), in the input's unit.

    nan before there are as many; forgets exactly. Two passes over the window: TA-Lib's STDDEV takes the difference of
    the mean square and the squared mean, and loses digits where the deviation is small beside the price.

    References
    ----------
    K. Pearson, "Contributions to the Mathematical Theory of Evolution" (1894).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(deviation, (node_of(self.of),), self.period),)


class ZScore(Indicator, frozen=True):
    """Distance of the newest value from its window's mean, in the window's standard deviations (population).

    nan before there are ``period`` values, and where all of them are equal; forgets exactly.

    References
    ----------
    By definition (standard score).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period, 2)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(score, (node_of(self.of),), self.period),)
