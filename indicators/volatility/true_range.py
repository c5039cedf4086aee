"""True range after Wilder."""

from collections.abc import MutableSequence, Sequence

from indicators.forms.arithmetic import Values, choose
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, RawPrice, Windowed
from indicators.indicator import Indicator


def range_with_gap(highs: Sequence[Values], lows: Sequence[Values], closes: Sequence[Values]) -> Values:
    """Return the range of the last of two candles, the close before it included."""
    before, high, low = closes[0], highs[1], lows[1]
    if isinstance(before, float):
        return (high if high > before else before) - (low if low < before else before)
    return choose(high > before, high, before) - choose(low < before, low, before)


def range_loop(
    highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], out: MutableSequence[float]
) -> None:
    """Step through columns."""
    for row in range(1, len(out)):
        before, high, low = closes[row - 1], highs[row], lows[row]
        out[row] = (high if high > before else before) - (low if low < before else before)


_LOOP = CompiledLoop(range_loop)


def true_range() -> Node:
    """Return the true range."""
    return Windowed(range_with_gap, (RawPrice("high"), RawPrice("low"), RawPrice("close")), 2, loop=_LOOP)


class TrueRange(Indicator, frozen=True):
    """Wilder's true range in price units: the candle's range with the gap from the last close; nan on the first candle.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        return (true_range(),)
