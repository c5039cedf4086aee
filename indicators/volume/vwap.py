"""Volume-weighted average prices (VWAP): of the UTC day, and of a window."""

import math
from collections.abc import MutableSequence, Sequence

from core.timeframe import DAY_MS
from indicators.forms.arithmetic import Values, ratio, total
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, RawPrice, Recursion, RowWise, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def session_vwap_step(
    state: MutableSequence[float], length_ms: float, open_time_ms: float, price: float, volume: float
) -> float:
    """Take a candle: ``state`` is the session's number, price times volume so far, and volume so far."""
    session = open_time_ms // length_ms
    if session != state[0]:
        state[0], state[1], state[2] = session, 0.0, 0.0
    state[1] += price * volume
    state[2] += volume
    return state[1] / state[2] if state[2] != 0.0 else math.nan


def session_vwap_loop(
    state: MutableSequence[float],
    length_ms: float,
    times: Sequence[float],
    prices: Sequence[float],
    volumes: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """Step through columns."""
    for row in range(len(times)):
        out[row] = session_vwap_step(state, length_ms, times[row], prices[row], volumes[row])


_LOOP = CompiledLoop(session_vwap_loop, (session_vwap_step,))


class SessionVWAP(Indicator, frozen=True):
    """Average price since 00:00 UTC of the candle's day, weighted with volume; price units.

    A candle belongs to the day in which it opens. nan while nothing was traded in the day. Begins anew each day, and in
    the middle of one after a gap: ``forgets_after_ms`` is a day.

    References
    ----------
    S. Berkowitz, D. Logue, E. Noser, "The Total Cost of Transactions on the NYSE", Journal of Finance (1988).
    """

    of: Source = "hlc3"

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        of = (RawPrice("open_time_ms"), node_of(self.of), RawPrice("volume"))
        start = (math.nan, 0.0, 0.0)
        return (Recursion(session_vwap_step, _LOOP, of, start, (float(DAY_MS),), 0, settles_ms=DAY_MS),)


def weighted_price(values: Sequence[Values], volumes: Sequence[Values]) -> Values:
    """Return the sum of price times volume over the sum of volume."""
    return ratio(total(values), total(volumes), math.nan)


def product(price: Values, volume: Values) -> Values:
    """Return price times volume."""
    return price * volume


class RollingVWAP(Indicator, frozen=True):
    """Average price of the last ``period`` candles, weighted with volume; price units.

    nan before there are as many, and where nothing was traded in them; forgets exactly.

    References
    ----------
    S. Berkowitz, D. Logue, E. Noser, "The Total Cost of Transactions on the NYSE", Journal of Finance (1988).
    """

    period: int = 20
    of: Source = "hlc3"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        volume = RawPrice("volume")
        return (Windowed(weighted_price, (RowWise(product, (node_of(self.of), volume)), volume), self.period),)
