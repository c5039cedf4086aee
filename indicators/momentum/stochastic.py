"""Stochastic oscillators, of prices and of the RSI."""

import math
from typing import ClassVar

from indicators.averages.sma import mean
from indicators.forms.arithmetic import Values, highest, lowest, ratio
from indicators.forms.nodes import Node, RawPrice, RowWise, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of
from indicators.momentum.rsi import RSI
from indicators.statistics.extremes import highest_high, lowest_low


def place_in_range(value: Values, top: Values, bottom: Values) -> Values:
    """Return where a value stands between bottom (0) and top (100)."""
    return 100.0 * ratio(value - bottom, top - bottom, math.nan)


def _raw(period: int) -> Node:
    return RowWise(place_in_range, (RawPrice("close"), highest_high(period), lowest_low(period)))


class FastStochastic(Indicator, frozen=True):
    """``k`` = place of the close between lowest low and highest high of ``period`` candles, 0 to 100; ``d`` its mean.

    nan before the windows are full and where highest and lowest are equal (TA-Lib: 0); such rows are not in ``d``.

    References
    ----------
    G. C. Lane, "Lane's Stochastics", Technical Analysis of Stocks & Commodities (1984). TA-Lib's STOCHF.
    """

    period: int = 14
    d_period: int = 3
    outputs: ClassVar[tuple[str, ...]] = ("k", "d")

    def __post_init__(self) -> None:
        checked_period(self.period)
        checked_period(self.d_period, name="d_period")

    def nodes(self) -> tuple[Node, ...]:
        """Return %K and %D."""
        raw = _raw(self.period)
        return (raw, Windowed(mean, (raw,), self.d_period))


class SlowStochastic(Indicator, frozen=True):
    """``k`` = mean of the fast %K over ``k_period`` rows, 0 to 100; ``d`` = mean of ``k`` over ``d_period`` rows.

    nan before the windows are full and where highest and lowest are equal (TA-Lib: 0); such rows are in no mean.

    References
    ----------
    G. C. Lane, "Lane's Stochastics", Technical Analysis of Stocks & Commodities (1984). TA-Lib's STOCH.
    """

    period: int = 14
    k_period: int = 3
    d_period: int = 3
    outputs: ClassVar[tuple[str, ...]] = ("k", "d")

    def __post_init__(self) -> None:
        checked_period(self.period)
        checked_period(self.k_period, name="k_period")
        checked_period(self.d_period, name="d_period")

    def nodes(self) -> tuple[Node, ...]:
        """Return %K and %D."""
        slow = Windowed(mean, (_raw(self.period),), self.k_period)
        return (slow, Windowed(mean, (slow,), self.d_period))


class StochasticRSI(Indicator, frozen=True):
    """``k`` = place of the RSI between its lowest and highest of ``stochastic_period`` rows, 0 to 100; ``d`` its mean.

    nan before the windows are full and where highest and lowest are equal (TA-Lib: 0). Chande and Kroll scale 0 to 1.
    In a market without trades the RSI stands still but for rounding, and its place in that range means nothing.

    References
    ----------
    T. Chande, S. Kroll, The New Technical Trader (1994). TA-Lib's STOCHRSI.
    """

    rsi_period: int = 14
    stochastic_period: int = 14
    d_period: int = 3
    of: Source = "close"
    outputs: ClassVar[tuple[str, ...]] = ("k", "d")

    def __post_init__(self) -> None:
        checked_period(self.rsi_period, name="rsi_period")
        checked_period(self.stochastic_period, name="stochastic_period")
        checked_period(self.d_period, name="d_period")

    def nodes(self) -> tuple[Node, ...]:
        """Return %K and %D."""
        index = node_of(RSI(self.rsi_period, self.of))
        top, bottom = (Windowed(function, (index,), self.stochastic_period) for function in (highest, lowest))
        raw = RowWise(place_in_range, (index, top, bottom))
        return (raw, Windowed(mean, (raw,), self.d_period))
