"""What open positions were worth at every step, from what they cost and from equity less cash."""

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from metrics.equity_curve import EquityCurve
from metrics.exposure_path import ExposurePath
from metrics.trade_columns import BoolArray


class OpenValue(msgspec.Struct, frozen=True, eq=False):
    """Open positions after each step, in quote currency.

    ``gross`` is the value of all of them, ``net`` that of the longs less that of the shorts. Both are exact at the
    marks, but where longs and shorts are open at once and their marks are not known: ``gross`` then counts their cost.
    """

    long_cost: Float64Array
    short_cost: Float64Array
    gross: Float64Array
    net: Float64Array
    margin: Float64Array
    positions: Int64Array

    @property
    def held(self) -> BoolArray:
        """Where there was a position."""
        return self.positions > 0


def open_value(curve: EquityCurve, path: ExposurePath) -> OpenValue:
    """Return what was open after each step; without cash in the curve positions count what they cost."""
    held = path.at(len(curve.equity))
    long_cost, short_cost, open_now = held.long_cost, held.short_cost, held.positions > 0
    unrealized = curve.unrealized
    gained = np.zeros(len(curve.equity)) if unrealized is None else np.where(open_now, unrealized, 0.0)
    net = long_cost - short_cost + gained
    both = (long_cost > 0.0) & (short_cost > 0.0)
    gross = path.marked if path.marked is not None else np.where(both, long_cost + short_cost, np.abs(net))
    return OpenValue(long_cost, short_cost, gross, net, held.margin, held.positions)
