"""Median and quantiles of a window."""

import math
from collections.abc import MutableSequence, Sequence

import numpy as np

from indicators.forms.arithmetic import Values
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def quantile(window: Sequence[Values], length: int, below: int, share: float) -> Values:
    """Return the value ``share`` of the way from the ``below``-th smallest (from 0) to the next one."""
    if isinstance(window[0], float):
        ordered: Values = sorted(window)
    else:
        ordered = np.sort(np.stack(list(window)), axis=0)
    lower = ordered[below] + 0.0
    return lower + share * (ordered[min(below + 1, length - 1)] - lower)


def quantile_loop(values: Sequence[float], length: int, below: int, share: float, out: MutableSequence[float]) -> None:
    """Step through a column with the window kept sorted: a value leaves, the next one moves into the room."""
    ordered = np.sort(np.asarray(values[:length]))
    above = min(below + 1, length - 1)
    for row in range(length - 1, len(values)):
        if row >= length:
            leaving, x = values[row - length], values[row]
            low, high = 0, length - 1
            while low < high:
                middle = (low + high) // 2
                if ordered[middle] < leaving:
                    low = middle + 1
                else:
                    high = middle
            while low + 1 < length and ordered[low + 1] < x:
                ordered[low] = ordered[low + 1]
                low += 1
            while low > 0 and ordered[low - 1] > x:
                ordered[low] = ordered[low - 1]
                low -= 1
            ordered[low] = x
        lower = ordered[below] + 0.0
        out[row] = lower + share * (ordered[above] - lower)


_LOOP = CompiledLoop(quantile_loop)


def _quantile_node(of: Source, period: int, share: float) -> Node:
    place = share * (period - 1)
    below = math.floor(place)
    return Windowed(quantile, (node_of(of),), period, (period, below, place - below), _LOOP)


class Quantile(Indicator, frozen=True):
    """Quantile ``share`` (0 lowest, 0.5 median, 1 highest) of the last ``period`` values, in the input's unit.

    Between two values it is their linear interpolation; nan before there are ``period`` values; forgets exactly.

    References
    ----------
    R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician (1996), definition 7.
    """

    period: int
    share: float
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"share must be in [0, 1], got {self.share!r}")

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (_quantile_node(self.of, self.period, self.share),)


class Median(Indicator, frozen=True):
    """Median of the last ``period`` values (of an even number the middle of two), in the input's unit.

    nan before there are as many; forgets exactly.

    References
    ----------
    J. W. Tukey, Exploratory Data Analysis (1977), running medians.
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (_quantile_node(self.of, self.period, 0.5),)
