"""The regime of a market: whether prices go somewhere, stay where they are, or are thrown about.

Over the last 20 candles ``way`` is the sum of the true ranges and ``move`` the close less the close 20 candles before.

- ``efficiency`` = move / way, -1 to 1: how much of its way the price has kept, and in which direction.
- ``volatility`` = mean true range of the last 20 candles / that of the last 100.

``volatile`` where volatility is at least 1.5, else ``trend`` where efficiency is at least 0.25 up or down, else
``range``. It is undefined until 101 candles have come, and where the prices of all of them are one. All of it are
windows, which forget exactly, so that the regime rests on these 101 candles alone.

References
----------
The efficiency is P. J. Kaufman's (Trading Systems and Methods), with true ranges in the place of changes of the close.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from indicators.averages.sma import SMA
from indicators.features.feature import Feature
from indicators.momentum.change import Momentum
from indicators.volatility.true_range import TrueRange

RegimeName = Literal["trend", "range", "volatile"]

SHORT, LONG = 20, 100
"""Candles of the two windows."""
TREND_FROM = 0.25
"""Efficiency, either way, from which it is a trend."""
VOLATILE_FROM = 1.5
"""Volatility from which the market is volatile, whatever its efficiency."""

MEASURED = ("move", "mean_range", "usual_range")
"""What the regime is computed of, by the names under which :func:`regime_of` asks for it."""


class Regime(msgspec.Struct, frozen=True):
    """A regime with its measures, as above; all None where it is undefined."""

    regime: RegimeName | None
    efficiency: float | None
    volatility: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the regime as plain values."""
        return {"regime": self.regime, "efficiency": self.efficiency, "volatility": self.volatility}


UNDEFINED = Regime(None, None, None)


def regime_features(period: str = "") -> Mapping[str, Feature]:
    """Return what has to be computed, by the names of ``MEASURED``.

    Parameters
    ----------
    period
        Length of the candles; empty is the session's own.
    """
    timeframe = period or None
    return {
        "move": Feature(Momentum(SHORT), timeframe),
        "mean_range": Feature(SMA(SHORT, TrueRange()), timeframe),
        "usual_range": Feature(SMA(LONG, TrueRange()), timeframe),
    }


def regime_of(value: Callable[[str], float]) -> Regime:
    """Return the regime of a candle's values, asked for by the names of ``MEASURED``; nan is undefined.

    Examples
    --------
    >>> regime_of({"move": 12.0, "mean_range": 2.0, "usual_range": 1.6}.__getitem__)
    Regime(regime='trend', efficiency=0.3, volatility=1.25)
    """
    move, mean_range, usual_range = (value(name) for name in MEASURED)
    if math.isnan(move + mean_range + usual_range) or mean_range <= 0.0 or usual_range <= 0.0:
        return UNDEFINED
    efficiency = move / (SHORT * mean_range)
    volatility = mean_range / usual_range
    regime: RegimeName = "range"
    if volatility >= VOLATILE_FROM:
        regime = "volatile"
    elif abs(efficiency) >= TREND_FROM:
        regime = "trend"
    return Regime(regime, efficiency, volatility)
