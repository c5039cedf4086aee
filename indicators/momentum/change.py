"""Momentum and rate of change."""

import math
from collections.abc import Sequence

from indicators.forms.arithmetic import Values, ratio
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def difference(window: Sequence[Values]) -> Values:
    """Return newest less oldest."""
    return window[-1] - window[0]


def change_in_percent(window: Sequence[Values]) -> Values:
    """Return newest over oldest less 1, in per cent."""
    return 100.0 * (ratio(window[-1], window[0], math.nan) - 1.0)


class Momentum(Indicator, frozen=True):
    """Value less the value ``period`` rows ago, in the input's unit; nan where there is none. TA-Lib's MOM.

    References
    ----------
    J. J. Murphy, Technical Analysis of the Financial Markets (1999).
    """

    period: int = 10
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(difference, (node_of(self.of),), self.period + 1),)


class RateOfChange(Indicator, frozen=True):
    """Change against the value ``period`` rows ago in per cent; nan where there is none or it is 0 (TA-Lib's ROC: 0).

    References
    ----------
    J. J. Murphy, Technical Analysis of the Financial Markets (1999).
    """

    period: int = 10
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(change_in_percent, (node_of(self.of),), self.period + 1),)
