"""Moving average convergence/divergence (MACD)."""

from typing import ClassVar

from indicators.averages.recursive_average import exponential_weight, smoothed
from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, RowWise
from indicators.indicator import Indicator, Source, checked_period, node_of


def less(values: Values, other: Values) -> Values:
    """Return the difference."""
    return values - other


class MACD(Indicator, frozen=True):
    """``line`` = fast EMA − slow EMA, ``signal`` = EMA of the line, ``histogram`` = line − signal; in the input's unit.

    The line is nan until the slow EMA is defined, the others ``signal_period`` − 1 rows longer. Both averages start
    with the first row; TA-Lib begins the fast one later, so that its first values differ until the start is forgotten.

    References
    ----------
    G. Appel, The Moving Average Convergence-Divergence Trading Method (1979).
    """

    fast_period: int = 12
    slow_period: int = 26
    signal_period: int = 9
    of: Source = "close"
    outputs: ClassVar[tuple[str, ...]] = ("line", "signal", "histogram")

    def __post_init__(self) -> None:
        checked_period(self.fast_period, name="fast_period")
        checked_period(self.slow_period, self.fast_period + 1, "slow_period")
        checked_period(self.signal_period, name="signal_period")

    def nodes(self) -> tuple[Node, ...]:
        """Return line, signal and histogram."""
        of = node_of(self.of)
        fast, slow = (
            smoothed(of, period, exponential_weight(period)) for period in (self.fast_period, self.slow_period)
        )
        line = RowWise(less, (fast, slow))
        signal = smoothed(line, self.signal_period, exponential_weight(self.signal_period))
        return (line, signal, RowWise(less, (line, signal)))
