"""Average volume."""

from indicators.averages.sma import SMA
from indicators.forms.nodes import Node
from indicators.indicator import Indicator, checked_period


class VolumeAverage(Indicator, frozen=True):
    """Mean volume of the last ``period`` candles, the present one included; nan before there are as many.

    References
    ----------
    J. J. Murphy, Technical Analysis of the Financial Markets (1999).
    """

    period: int = 20

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the simple moving average of the volume."""
        return SMA(self.period, of="volume").nodes()
