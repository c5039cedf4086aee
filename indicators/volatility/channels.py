"""Channels around a price: Bollinger, Keltner, Donchian."""

import math
from typing import ClassVar

from indicators.averages.recursive_average import exponential_weight, smoothed
from indicators.averages.sma import mean
from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, RowWise, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of
from indicators.statistics.extremes import highest_high, lowest_low
from indicators.statistics.spread import deviation
from indicators.volatility.atr import average_range


def apart(middle: Values, width: Values, times: float) -> Values:
    """Return ``middle + times·width``."""
    return middle + times * width


def midpoint(top: Values, bottom: Values) -> Values:
    """Return the mean of two."""
    return (top + bottom) / 2.0


def checked_multiple(multiple: float, name: str) -> float:
    """Return the multiple; ValueError when it is no number above 0."""
    if not (isinstance(multiple, int | float) and math.isfinite(multiple) and multiple > 0.0):
        raise ValueError(f"{name} must be a number above 0, got {multiple!r}")
    return float(multiple)


def _around(middle: Node, width: Node, times: float) -> tuple[Node, ...]:
    return (
        RowWise(apart, (middle, width), (times,)),
        middle,
        RowWise(apart, (middle, width), (-times,)),
    )


class BollingerBands(Indicator, frozen=True):
    """``middle`` = SMA, ``upper`` and ``lower`` = ``deviations`` standard deviations (population) from it.

    In the input's unit; nan before the window is full; forgets exactly. TA-Lib's deviation loses digits where it is
    small beside the price.

    References
    ----------
    J. Bollinger, Bollinger on Bollinger Bands (2001).
    """

    period: int = 20
    deviations: float = 2.0
    of: Source = "close"
    outputs: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")

    def __post_init__(self) -> None:
        checked_period(self.period)
        checked_multiple(self.deviations, "deviations")

    def nodes(self) -> tuple[Node, ...]:
        """Return the three lines."""
        of = node_of(self.of)
        middle, width = (Windowed(function, (of,), self.period) for function in (mean, deviation))
        return _around(middle, width, float(self.deviations))


class KeltnerChannels(Indicator, frozen=True):
    """``middle`` = EMA, ``upper`` and ``lower`` = ``multiple`` ATRs from it; price units; nan until defined.

    Keltner's own had the mean range of ten days around the SMA of typical prices.

    References
    ----------
    L. B. Raschke's form; C. W. Keltner, How to Make Money in Commodities (1960).
    """

    period: int = 20
    atr_period: int = 10
    multiple: float = 2.0
    of: Source = "close"
    outputs: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")

    def __post_init__(self) -> None:
        checked_period(self.period)
        checked_period(self.atr_period, name="atr_period")
        checked_multiple(self.multiple, "multiple")

    def nodes(self) -> tuple[Node, ...]:
        """Return the three lines."""
        middle = smoothed(node_of(self.of), self.period, exponential_weight(self.period))
        return _around(middle, average_range(self.atr_period), float(self.multiple))


class DonchianChannels(Indicator, frozen=True):
    """``upper`` = highest high, ``lower`` = lowest low of the last ``period`` candles, ``middle`` halfway between them.

    The present candle is included: a breakout is a close beyond the channel before it (``Shift``, or the last candle's
    value). Price units; nan before the window is full; forgets exactly.

    References
    ----------
    R. Donchian, "High Finance in Copper", Financial Analysts Journal (1960).
    """

    period: int = 20
    outputs: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the three lines."""
        top, bottom = highest_high(self.period), lowest_low(self.period)
        return (top, RowWise(midpoint, (top, bottom)), bottom)
