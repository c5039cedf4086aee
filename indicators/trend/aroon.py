"""Aroon indicator and oscillator."""

from collections.abc import MutableSequence, Sequence
from typing import ClassVar

import numpy as np

from indicators.forms.arithmetic import Values, highest
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, RawPrice, RowWise, Windowed
from indicators.indicator import Indicator, checked_period
from indicators.momentum.macd import less


def recency(window: Sequence[Values], length: int, sign: float) -> Values:
    """Return the latest extreme's place from the oldest value (0) to the newest (100); sign 1: highest, −1: lowest."""
    if isinstance(window[0], float):
        values = list(window)
        best = max(values) if sign > 0.0 else min(values)
        place: Values = float(length - 1 - values[::-1].index(best))
    else:
        best = highest([sign * values for values in window])
        place = np.zeros(len(best))
        for age, values in enumerate(window):
            place[sign * values == best] = age
    return 100.0 * place / (length - 1)


def recency_loop(values: Sequence[float], length: int, sign: float, out: MutableSequence[float]) -> None:
    """Step through a column; the window is searched anew only when its extreme has left it."""
    place = 0
    for row in range(len(values)):
        if sign * values[row] >= sign * values[place]:
            place = row
        elif place <= row - length:
            place += 1
            for later in range(place + 1, row + 1):
                if sign * values[later] >= sign * values[place]:
                    place = later
        if row >= length - 1:
            out[row] = 100.0 * float(place - (row - length + 1)) / (length - 1)


_LOOP = CompiledLoop(recency_loop)


class Aroon(Indicator, frozen=True):
    """``up`` and ``down``: how lately the highest high and lowest low of ``period`` + 1 candles were, 100 = this one.

    ``oscillator`` = up − down. Of equal extremes the latest counts, as in TA-Lib. nan in the first ``period`` rows;
    forgets exactly.

    References
    ----------
    T. Chande, "A Time Price Oscillator", Technical Analysis of Stocks & Commodities (1995).
    """

    period: int = 14
    outputs: ClassVar[tuple[str, ...]] = ("up", "down", "oscillator")

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the three lines."""
        length = self.period + 1
        up, down = (
            Windowed(recency, (RawPrice(price),), length, (length, sign), _LOOP)
            for price, sign in (("high", 1.0), ("low", -1.0))
        )
        return (up, down, RowWise(less, (up, down)))
