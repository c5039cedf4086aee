"""Money flow index (MFI)."""

from collections.abc import Sequence

from indicators.forms.arithmetic import Values, choose, ratio, total
from indicators.forms.nodes import Node, RawPrice, Windowed
from indicators.indicator import Indicator, checked_period, node_of


def inflow(prices: Sequence[Values], volumes: Sequence[Values]) -> Values:
    """Return price times volume of a candle whose price rose, else 0."""
    return choose(prices[1] > prices[0], prices[1] * volumes[1], 0.0)


def outflow(prices: Sequence[Values], volumes: Sequence[Values]) -> Values:
    """Return price times volume of a candle whose price fell, else 0."""
    return choose(prices[1] < prices[0], prices[1] * volumes[1], 0.0)


def flow_index(inflows: Sequence[Values], outflows: Sequence[Values]) -> Values:
    """Return the share of what flowed in, in per cent."""
    came = total(inflows)
    return 100.0 * ratio(came, came + total(outflows), 0.0)


class MFI(Indicator, frozen=True):
    """Share of the money that flowed in with rising typical prices, 0 to 100, over ``period`` moves.

    0 where none flowed, like the RSI (TA-Lib: where less than 1 did, in quote units); nan in the first ``period`` rows;
    forgets exactly.

    References
    ----------
    G. Quong, A. Soudack, "Volume-Weighted RSI: Money Flow", Technical Analysis of Stocks & Commodities (1989).
    """

    period: int = 14

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window over both flows."""
        of = (node_of("hlc3"), RawPrice("volume"))
        return (Windowed(flow_index, (Windowed(inflow, of, 2), Windowed(outflow, of, 2)), self.period),)
