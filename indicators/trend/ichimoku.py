"""Ichimoku lines."""

from typing import ClassVar

from indicators.forms.nodes import Node, RowWise
from indicators.indicator import Indicator, checked_period
from indicators.statistics.extremes import highest_high, lowest_low
from indicators.volatility.channels import midpoint


class Ichimoku(Indicator, frozen=True):
    """Lines of the equilibrium chart, each where it becomes known: ``conversion``, ``base``, ``span_a``, ``span_b``.

    Conversion, base and span B are the middle between highest high and lowest low of their periods, span A the mean of
    conversion and base; price units; nan before a window is full; forgets exactly. Charts draw the spans
    ``base_period`` candles ahead: the cloud over the present candle is ``Shift(26, of=Ichimoku().span_a)``. The lagging
    span is the close drawn into the past and is none here, because at its place it would tell of the future.

    References
    ----------
    G. Hosoda, Ichimoku Kinko Hyo (1969).
    """

    conversion_period: int = 9
    base_period: int = 26
    span_b_period: int = 52
    outputs: ClassVar[tuple[str, ...]] = ("conversion", "base", "span_a", "span_b")

    def __post_init__(self) -> None:
        for name in ("conversion_period", "base_period", "span_b_period"):
            checked_period(getattr(self, name), name=name)

    def nodes(self) -> tuple[Node, ...]:
        """Return the four lines."""
        conversion, base, span_b = (
            RowWise(midpoint, (highest_high(period), lowest_low(period)))
            for period in (self.conversion_period, self.base_period, self.span_b_period)
        )
        return (conversion, base, RowWise(midpoint, (conversion, base)), span_b)
