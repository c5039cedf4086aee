"""Hull moving average (HMA)."""

import math

from indicators.averages.dema import twice_less
from indicators.averages.wma import weighted
from indicators.forms.nodes import Node, RowWise
from indicators.indicator import Indicator, Source, checked_period, node_of


class HMA(Indicator, frozen=True):
    """``WMA(2·WMA(period / 2) − WMA(period), √period)``, lengths rounded down; in the input's unit; forgets exactly.

    nan in the first period + ⌊√period⌋ − 2 rows. Others round the lengths to the nearest.

    References
    ----------
    A. Hull, "How to reduce lag in a moving average" (2005).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period, 2)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window over two windows."""
        of = node_of(self.of)
        ahead = RowWise(twice_less, (weighted(of, self.period // 2), weighted(of, self.period)))
        return (weighted(ahead, math.isqrt(self.period)),)
