"""On-balance volume (OBV)."""

import math
from collections.abc import MutableSequence, Sequence

from indicators.forms.arithmetic import Values, choose, total
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import NEVER, Node, RawPrice, Recursion, Windowed
from indicators.indicator import Indicator, checked_period


def obv_step(state: MutableSequence[float], close: float, volume: float) -> float:
    """Take a candle: ``state`` is the last close and the balance."""
    if state[0] != state[0]:
        state[1] = volume
    elif close > state[0]:
        state[1] += volume
    elif close < state[0]:
        state[1] -= volume
    state[0] = close
    return state[1]


def obv_loop(
    state: MutableSequence[float], closes: Sequence[float], volumes: Sequence[float], out: MutableSequence[float]
) -> None:
    """Step through columns."""
    for row in range(len(closes)):
        out[row] = obv_step(state, closes[row], volumes[row])


_LOOP = CompiledLoop(obv_loop, (obv_step,))


def signed_volume(closes: Sequence[Values], volumes: Sequence[Values]) -> Values:
    """Return the volume with the sign of the move from the candle before."""
    before, close, volume = closes[0], closes[1], volumes[1]
    return choose(close > before, volume, choose(close < before, 0.0 - volume, 0.0))


class OBV(Indicator, frozen=True):
    """Sum of the volumes of rising candles less those of falling ones, in volume's unit.

    With a ``period`` it is the sum over that many moves, and forgets exactly; nan before there are as many. Without one
    it begins with the first volume, as TA-Lib's does, and never forgets: only its changes mean something.

    References
    ----------
    J. E. Granville, Granville's New Key to Stock Market Profits (1963).
    """

    period: int | None = None

    def __post_init__(self) -> None:
        if self.period is not None:
            checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion, or the window."""
        of = (RawPrice("close"), RawPrice("volume"))
        if self.period is None:
            return (Recursion(obv_step, _LOOP, of, (math.nan, 0.0), (), NEVER),)
        return (Windowed(total, (Windowed(signed_volume, of, 2),), self.period),)
